//! Rewards: for what customers do, for whom they bring; what is done before a claim; claims that look made up.

mod doing;
mod friends;
mod once;
mod rules;
mod task;
mod watch;

use serde_json::{Value, json};

use crate::{
    coupon::{but, ten_off},
    order::Market,
    support::{Person, eventually, rest::Said},
};

/// So many yuan off anything, which nobody claims by themselves; five each.
pub fn earned(title: &str, yuan: i64) -> Value {
    let terms = json!({
        "title": title, "face": { "kind": "no_threshold", "value": yuan * 100 },
        "scope": { "of": "shop" }, "stacks_with_promotions": true,
    });
    let changes = json!({ "terms": terms, "per_person": 5, "conditions": { "earned_only": true } });
    but(ten_off(), changes)
}

impl Market {
    /// Somebody buys a thing: the shop has their money, and accepts.
    async fn sold(&self, who: &Person) {
        let order = self.sells(who, &[(self.thing, 1)]).await;
        self.accept(&order).await.ok();
    }

    /// A new customer on a device of their own.
    pub async fn stranger(&self, name: &str) -> Person {
        let person = Person::customer(&self.server, name).await;
        self.gives_device(&person, name).await;
        person
    }

    pub async fn gives_device(&self, person: &Person, device: &str) {
        sqlx::query("update sessions set device_id = $2 where user_id = $1")
            .bind(person.id)
            .bind(device)
            .execute(self.server.server.app.store.pool())
            .await
            .expect("a device");
    }

    /// The owner lays down what is given for what.
    async fn rewards(&self, rule: Value) -> String {
        let rule = self.tries_rule(rule).await.ok();
        rule["id"].as_str().expect("an id").to_owned()
    }

    async fn tries_rule(&self, rule: Value) -> Said {
        let path = self.shop.path("/reward-rules");
        self.boss().post(&path, rule).await
    }

    /// What a rule gave and could not give, the oldest first: who, for what, and why not.
    async fn grants(&self, rule: &str) -> Vec<(String, String, Option<String>)> {
        let path = self
            .shop
            .path(&format!("/reward-rules/{rule}/grants?limit=100"));
        let page = self.boss().get(&path).await.ok();
        let grants = page["grants"].as_array().expect("grants").iter().rev();
        let word = |grant: &Value, field: &str| grant[field].as_str().map(str::to_owned);
        grants
            .map(|grant| {
                assert_eq!(grant["coupon_id"].is_null(), grant["refused"].is_string());
                let who = word(grant, "customer_id").expect("somebody");
                let event = word(grant, "event").expect("something");
                (who, event, word(grant, "refused"))
            })
            .collect()
    }

    async fn follows(&self, who: &Person) {
        let path = self.shop.path("/follow");
        self.server.rest().by(who).put(&path, json!({})).await.ok();
    }

    /// A group of the shop.
    async fn group(&self) -> String {
        let path = self.shop.path("/groups");
        let group = self.boss().post(&path, json!({ "name": "茶友" })).await;
        group.ok()["id"].as_str().expect("an id").to_owned()
    }

    /// Somebody comes into a group by this person's invitation.
    async fn brings(&self, group: &str, host: &Person, guest: &Person) {
        let path = format!("/groups/{group}/invites");
        let rest = self.server.rest();
        let link = rest.by(host).post(&path, json!({})).await.ok();
        let token = json!({ "token": link["token"] });
        rest.by(guest).post("/invites/accept", token).await.ok();
    }

    /// Somebody opens the other's link to the shop.
    async fn visits(&self, host: &Person, guest: &Person) {
        let rest = self.server.rest();
        let new = json!({ "channel": "moments" });
        let links = self.shop.path("/links");
        let link = rest.by(host).post(&links, new).await.ok();
        let path = format!("/l/{}", link["code"].as_str().expect("a code"));
        rest.by(guest).get(&path).await.ok();
    }

    /// Everything that has happened was heard of.
    pub async fn all_heard(&self) {
        let waiting = "select count(*) from facts where done_at is null";
        let pool = self.server.server.app.store.pool();
        eventually(async || {
            let left: i64 = sqlx::query_scalar(waiting)
                .fetch_one(pool)
                .await
                .expect("facts");
            left == 0
        })
        .await;
    }

    /// Titles of the coupons that somebody can use, after everything was heard of.
    async fn has(&self, who: &Person) -> Vec<String> {
        self.all_heard().await;
        let coupons = self.pocket(who, "usable").await;
        let titles = coupons
            .iter()
            .map(|coupon| coupon["terms"]["title"].as_str().expect("a title"));
        titles.map(str::to_owned).rev().collect()
    }

    /// What the server has told somebody of what they have earned.
    async fn hears_of(&self, who: &Person) -> Vec<String> {
        let rest = self.server.rest().by(who);
        let opened = json!({ "shop_id": self.shop.id });
        let opened = rest.post("/conversations", opened).await.ok();
        let id = opened["id"].as_str().expect("an id");
        let path = format!("/conversations/{id}/messages?limit=100");
        let page = rest.get(&path).await.ok();
        let messages = page["messages"].as_array().expect("messages").iter();
        let rewards = messages.filter(|message| message["notice"]["kind"] == "rewarded");
        rewards
            .map(|message| message["text"].as_str().expect("words").to_owned())
            .collect()
    }
}
