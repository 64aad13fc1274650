//! Orders, from the basket or the chat to what was received.

mod accept;
mod cancel;
mod care;
mod chat;
mod details;
mod evidence;
mod flash;
mod history;
mod keys;
mod ledger;
mod list;
mod member;
mod money;
mod nodes;
mod paper;
mod path;
mod place;
mod progress;
mod provider;
mod rush;
mod story;
mod template;
mod trouble;
mod unpaid;

use proto::{Message, push::Event};
use serde_json::{Value, json};
use souk::id::{ConversationId, VariantId};

use crate::{
    goods::{thing, variant},
    support::{Person, Rest, TestServer, TestShop, people::Line, rest::Said},
};

/// A shop with a carrier, a listed thing for 159 yuan, and a customer.
pub struct Market {
    pub server: TestServer,
    pub shop: TestShop,
    pub thing: VariantId,
    pub ann: Person,
}

impl Market {
    /// With so many of the thing.
    pub async fn with(stock: i64) -> Self {
        Self::on(TestServer::start().await, stock).await
    }

    pub async fn on(server: TestServer, stock: i64) -> Self {
        let shop = TestShop::open(&server).await;
        let thing = variant(&thing(&server, &shop, 15_900, stock).await, 0);
        let carrier = json!({ "code": "shunfeng", "name": "顺丰" });
        shop.boss(&server)
            .put(&shop.path("/carriers"), carrier)
            .await
            .ok();
        let ann = Person::customer(&server, "Ann").await;
        Self {
            server,
            shop,
            thing,
            ann,
        }
    }

    pub fn boss(&self) -> Rest {
        self.shop.boss(&self.server)
    }

    pub fn customer(&self) -> Rest {
        self.server.rest().by(&self.ann)
    }

    /// A basket of so many of the thing, sent to an address.
    pub fn basket(&self, units: u32) -> Value {
        json!({
            "basket": { "lines": [{ "variant_id": self.thing, "units": units }] }, "delivery_method": "express",
            "recipient": { "name": "王小明", "phone": "13800138000", "address": "上海市静安区南京西路1266号" },
        })
    }

    /// The customer orders.
    pub async fn place(&self, form: Value) -> Said {
        self.customer()
            .post(&self.shop.path("/checkout"), form)
            .await
    }

    /// The customer orders so many, and pays.
    pub async fn paid(&self, units: u32) -> Value {
        let order = self.place(self.basket(units)).await.ok();
        self.mine(&order, "pay-in-sandbox", json!({})).await.ok()
    }

    /// The same, and the shop accepts.
    pub async fn accepted(&self, units: u32) -> Value {
        let order = self.paid(units).await;
        self.accept(&order).await.ok()
    }

    /// The owner takes an order as they were shown it.
    pub async fn accept(&self, order: &Value) -> Said {
        self.staff(order, "accept", seen(order)).await
    }

    /// The owner does something with an order.
    pub async fn staff(&self, order: &Value, deed: &str, said: Value) -> Said {
        self.staff_as(&self.boss(), order, deed, said).await
    }

    pub async fn staff_as(&self, who: &Rest, order: &Value, deed: &str, said: Value) -> Said {
        let path = self.shop.path(&format!("/orders/{}/{deed}", id(order)));
        who.post(&path, said).await
    }

    /// The customer does something with an order.
    pub async fn mine(&self, order: &Value, deed: &str, said: Value) -> Said {
        let path = format!("/orders/{}/{deed}", id(order));
        self.customer().post(&path, said).await
    }

    /// The order, as the owner sees it.
    pub async fn seen(&self, order: &Value) -> Value {
        let path = self.shop.path(&format!("/orders/{}", id(order)));
        self.boss().get(&path).await.ok()
    }

    /// What was done with it, in words of the graph.
    pub async fn deeds(&self, order: &Value) -> Vec<String> {
        let path = self.shop.path(&format!("/orders/{}/history", id(order)));
        let history = self.boss().get(&path).await.ok();
        let entries = history["entries"].as_array().expect("entries");
        entries
            .iter()
            .map(|entry| entry["deed"].as_str().expect("a word").to_owned())
            .collect()
    }

    /// All words that were said in its conversation, without the card's.
    pub async fn said(&self, order: &Value) -> Vec<String> {
        let path = format!(
            "/conversations/{}/messages?limit=100",
            order["conversation_id"].as_str().expect("an id")
        );
        let page = self.customer().get(&path).await.ok();
        let messages = page["messages"].as_array().expect("messages");
        let spoken = messages
            .iter()
            .filter(|message| message.get("card").is_none());
        let words = spoken.filter_map(|message| message["text"].as_str());
        words
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Hours later, everything whose time has come. Whoever is logged in stays so.
    pub async fn time_passes(&self, hours: i64) {
        self.passes(jiff::SignedDuration::from_hours(hours)).await;
        self.on_time().await;
    }

    /// Time passes. Whoever is logged in stays so.
    pub async fn passes(&self, time: jiff::SignedDuration) {
        let stay =
            "update sessions set access_expires_at = access_expires_at + make_interval(secs => $1),
          expires_at = expires_at + make_interval(secs => $1)";
        sqlx::query(stay)
            .bind(time.as_secs_f64())
            .execute(self.server.server.app.store.pool())
            .await
            .expect("logged in");
        self.server.clock.advance(time);
    }

    pub async fn on_time(&self) {
        let (server, app) = (&self.server, &self.server.server.app);
        let cancelled = server.in_turn("orders_due", souk::order::time_out::due(app));
        cancelled.await.expect("the schedule works");
        let refunded = server.in_turn("refunds", souk::payment::refund::execute(app));
        refunded.await.expect("refunds work");
        let settled = souk::payment::settle::credit_yesterday(app);
        let settled = server.in_turn("credit_yesterday", settled);
        settled.await.expect("settling works");
    }

    /// What `souk audit` would print.
    pub async fn differences(&self) -> Vec<String> {
        crate::goods::differences(&self.server).await
    }
}

/// Which revision of an order somebody was shown.
pub fn seen(order: &Value) -> Value {
    json!({ "revision": order["revision"], "hash": order["hash"] })
}

/// An order's id.
pub fn id(order: &Value) -> &str {
    order["id"].as_str().expect("an id")
}

/// An order's conversation.
pub fn conversation(order: &Value) -> ConversationId {
    let id = order["conversation_id"].as_str().expect("an id");
    id.parse().expect("an id")
}

/// The next card that somebody is shown, new or drawn anew, and where.
pub async fn next_card(line: &mut Line) -> Message {
    loop {
        let message = match line.client.next_push().await.expect("a push") {
            Event::MessagePosted(posted) => posted.message,
            Event::MessageChanged(changed) => changed.message,
            _ => None,
        };
        if let Some(message) = message.filter(|message| message.card.is_some()) {
            return message;
        }
    }
}

/// The state on the next card.
pub async fn next_state(line: &mut Line) -> proto::OrderState {
    let card = next_card(line).await.card.expect("a card");
    card.order.expect("an order's").state()
}
