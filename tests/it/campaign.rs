//! Campaigns, and what a shop's own bot says by itself.

mod answering;
mod groups;
mod recall;
mod sending;
mod silence;

use jiff::{SignedDuration, civil::Time};
use serde_json::{Value, json};

use crate::{
    coupon::on_the_wall,
    order::Market,
    support::{Person, rest::Said},
};

impl Market {
    /// So many customers who have consulted the shop, all with one tag.
    async fn crowd(&self, number: usize, tag: &str) -> Vec<Person> {
        let mut people = vec![];
        for place in 0..number {
            let person = Person::customer(&self.server, &format!("{tag}{place}")).await;
            self.shop.consult(&self.server, &person).await;
            people.push(person);
        }
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let tag = json!({ "dimension": "preference", "name": tag });
        let form = json!({ "tag": tag, "customer_ids": ids });
        let path = self.shop.path("/customer-tags");
        self.boss().post(&path, form).await.ok();
        people
    }

    /// The segment of those with a tag.
    async fn with_tag(&self, tag: &str) -> String {
        let condition = json!({ "is": "tag", "dimension": "preference", "name": tag });
        self.saves(tag, condition).await
    }

    async fn launch(&self, campaign: Value) -> Said {
        let path = self.shop.path("/campaigns");
        self.boss().post(&path, campaign).await
    }

    /// Launches one with these layers, and lets it run.
    async fn sends(&self, layers: Value) -> Value {
        let campaign = json!({ "name": "新品", "layers": layers });
        let campaign = self.launch(campaign).await.ok();
        self.runs().await;
        campaign
    }

    /// Whatever of campaigns is due.
    async fn runs(&self) {
        let app = self.server.server.app.by_itself();
        let runs = self
            .server
            .in_turn("campaigns", souk::campaign::run::due(&app));
        runs.await.expect("it runs");
    }

    async fn came_of(&self, campaign: &Value) -> Value {
        let id = campaign["id"].as_str().expect("an id");
        let path = self.shop.path(&format!("/campaigns/{id}"));
        self.boss().get(&path).await.ok()
    }

    /// No quiet hours, and as many messages a day as anybody likes.
    async fn always(&self, per_day: i32) {
        self.campaign_rules(
            json!({ "quiet_from": "00:00:00", "quiet_until": "00:00:00", "per_day": per_day }),
        )
        .await;
    }

    async fn campaign_rules(&self, rules: Value) {
        let path = self.shop.path("/campaign-rules");
        self.boss().put(&path, rules).await.ok();
    }

    /// What bots said to somebody in their conversation with the shop, in its order: the texts, each with the title of its coupon.
    async fn told(&self, who: &Person) -> Vec<(String, Option<String>)> {
        let rest = self.server.rest().by(who);
        let form = json!({ "shop_id": self.shop.id });
        let conversation = rest.post("/conversations", form).await.ok()["id"].clone();
        let path = format!(
            "/conversations/{}/messages?limit=100",
            conversation.as_str().expect("an id")
        );
        let page = rest.get(&path).await.ok();
        let messages = page["messages"].as_array().expect("messages").iter();
        let bots = messages
            .rev()
            .filter(|message| message["sender"]["kind"] == "bot");
        bots.map(|message| {
            let title = message["card"]["coupon"]["title"].as_str();
            let text = message["text"].as_str().unwrap_or_default();
            (text.to_owned(), title.map(str::to_owned))
        })
        .collect()
    }

    /// How many messages of bots there are in all.
    async fn said_by_bots(&self) -> i64 {
        sqlx::query_scalar(
            "select count(*) from messages m join users u on u.id = m.sender_id and u.kind = 'bot'",
        )
        .fetch_one(self.server.server.app.store.pool())
        .await
        .expect("a count")
    }

    /// Until the clock on the shop's wall shows this. Whoever is logged in stays so.
    async fn waits_until(&self, time: Time) {
        let stay = "update sessions set access_expires_at = access_expires_at + interval '1 day', expires_at = expires_at + interval '1 day'";
        sqlx::query(stay)
            .execute(self.server.server.app.store.pool())
            .await
            .expect("logged in");
        let now = on_the_wall(self, 0).time();
        let wait = now.duration_until(time);
        let day = SignedDuration::from_hours(24);
        let wait = if wait.is_negative() { wait + day } else { wait };
        // The hand moves by whole milliseconds.
        self.server
            .clock
            .advance(wait + SignedDuration::from_millis(1));
    }
}

fn plain(text: &str) -> Vec<(String, Option<String>)> {
    vec![(text.to_owned(), None)]
}
