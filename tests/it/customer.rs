//! People who buy: known, tagged, gathered in segments, come back to.

mod follow_up;
mod known;
mod segment;
mod tag;

use serde_json::{Value, json};
use souk::id::VariantId;

use crate::{
    goods::{thing, variant},
    order::Market,
    support::{Person, eventually},
};

impl Market {
    /// Somebody orders these, and pays.
    pub async fn sells(&self, who: &Person, lines: &[(VariantId, u32)]) -> Value {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(id, units)| json!({ "variant_id": id, "units": units }))
            .collect();
        let mut form = self.basket(1);
        form["basket"]["lines"] = json!(lines);
        let rest = self.server.rest().by(who);
        let order = rest.post(&self.shop.path("/checkout"), form).await.ok();
        let pay = format!("/orders/{}/pay-in-sandbox", crate::order::id(&order));
        rest.post(&pay, json!({})).await.ok()
    }

    /// One more thing, at this price.
    pub async fn another(&self, price: i64) -> (Value, VariantId) {
        let goods = thing(&self.server, &self.shop, price, 100).await;
        let variant = variant(&goods, 0);
        (goods["product"]["id"].clone(), variant)
    }

    /// Somebody asks the shop something, for the first time.
    pub async fn enquires(&self, who: &Person) -> Value {
        let form = json!({ "shop_id": self.shop.id, "source": "nearby" });
        let rest = self.server.rest().by(who);
        rest.post("/conversations", form).await.ok()["id"].clone()
    }

    /// The names of the tags of one dimension that somebody carries.
    async fn tags_of(&self, who: &Person, dimension: &str) -> Vec<String> {
        let profile = self.profile(who).await;
        let tags = profile["tags"].as_array().expect("tags");
        let tags = tags.iter().filter(|tag| tag["dimension"] == dimension);
        tags.map(|tag| tag["name"].as_str().expect("a name").to_owned())
            .collect()
    }

    async fn profile(&self, who: &Person) -> Value {
        let path = self.shop.path(&format!("/customers/{}/profile", who.id));
        self.boss().get(&path).await.ok()
    }

    /// Waits until somebody carries exactly this tag of a dimension.
    async fn comes_to_carry(&self, who: &Person, dimension: &str, name: &str) {
        eventually(async || self.tags_of(who, dimension).await == [name]).await;
    }

    /// Who is in a condition's segment, which is saved and removed again.
    pub async fn in_segment(&self, condition: Value) -> Vec<String> {
        let segment = self.saves("asked", condition).await;
        let path = self.shop.path(&format!("/segments/{segment}"));
        let members = self.members(&segment).await;
        self.boss().delete(&path).await.ok();
        members
    }

    /// Saves a segment; gives its id.
    pub async fn saves(&self, name: &str, condition: Value) -> String {
        let form = json!({ "name": name, "condition": condition });
        let path = self.shop.path("/segments");
        let segment = self.boss().post(&path, form).await.ok();
        segment["id"].as_str().expect("an id").to_owned()
    }

    async fn members(&self, segment: &str) -> Vec<String> {
        let path = self.shop.path(&format!("/segments/{segment}/members"));
        let page = self.boss().get(&path).await.ok();
        let members = page["members"].as_array().expect("members");
        assert_eq!(page["count"], members.len());
        let mut names: Vec<String> = members
            .iter()
            .map(|member| member["name"].as_str().expect("a name").to_owned())
            .collect();
        names.sort();
        names
    }
}
