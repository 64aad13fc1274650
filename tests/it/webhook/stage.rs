//! A shop with an owner, and what a story about its webhooks needs.

use std::time::Duration;

use jiff_sqlx::ToSqlx as _;
use serde_json::{Value, json};
use souk::{
    fact::Fact,
    id::{ConversationId, ShopId, UserId},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Person, Rest, TestServer};

/// A shop and its owner, who is asking over REST.
pub struct Stage {
    pub shop: ShopId,
    pub owner: Person,
    pub rest: Rest,
    pub pool: PgPool,
}

impl Stage {
    pub async fn set(server: &TestServer) -> Self {
        let pool = server.server.app.store.pool().clone();
        let (shop, owner) = (ShopId::new(), Person::merchant(server, "Olga").await);
        sqlx::query("insert into shops (id, name, created_at) values ($1, 'Tea', $2)")
            .bind(shop)
            .bind(server.clock.now().to_sqlx())
            .execute(&pool)
            .await
            .expect("a shop");
        let stage = Self {
            shop,
            rest: server.rest().by(&owner),
            owner,
            pool,
        };
        stage.employs(&stage.owner, "owner").await;
        // Stories move the clock by days: the owner stays logged in.
        sqlx::query("update sessions set access_expires_at = access_expires_at + interval '1 year', expires_at = expires_at + interval '1 year'")
            .execute(&stage.pool)
            .await
            .expect("a longer session");
        stage
    }

    /// Gives somebody a role.
    pub async fn employs(&self, person: &Person, role: &str) {
        sqlx::query("insert into staff (shop_id, user_id, role_id, created_at) select $1, $2, id, now() from roles where name = $3")
            .bind(self.shop)
            .bind(person.id)
            .bind(role)
            .execute(&self.pool)
            .await
            .expect("a member of staff");
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/shops/{}/webhooks{rest}", self.shop)
    }

    /// An endpoint's id and secret.
    pub async fn endpoint(&self, url: &str, events: &[&str]) -> (String, String) {
        let said = self
            .rest
            .post(&self.path(""), json!({"url": url, "events": events}))
            .await
            .ok();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        (text(&said["endpoint"]["id"]), text(&said["secret"]))
    }

    /// The one delivery of an endpoint, when it is as it should be.
    pub async fn delivery(&self, endpoint: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let path = self.path(&format!("/{endpoint}/deliveries"));
        eventually("a delivery as expected", async || {
            let page = self.rest.get(&path).await.ok();
            page["deliveries"]
                .as_array()?
                .iter()
                .find(|one| fits(one))
                .cloned()
        })
        .await
    }

    pub async fn attempts(&self, endpoint: &str, delivery: &Value) -> Vec<Value> {
        let id = delivery["id"].as_str().unwrap();
        let path = self.path(&format!("/{endpoint}/deliveries/{id}/attempts"));
        let said = self.rest.get(&path).await.ok();
        said["attempts"].as_array().unwrap().clone()
    }

    /// Something happens in the shop.
    pub async fn happens(&self, server: &TestServer) {
        let app = &server.server.app;
        let mut tx = app.store.begin(self.shop).await.unwrap();
        let fact = Fact::ConversationOpened {
            conversation_id: ConversationId::new(),
            customer_id: UserId::new(),
            source: None,
        };
        tx.remember(&fact, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A group with these people in it.
    pub async fn group(&self, people: &[UserId]) -> ConversationId {
        let group = ConversationId::new();
        sqlx::query("insert into conversations (id, kind, shop_id, active_at, created_at) values ($1, 'group', $2, now(), now())")
            .bind(group)
            .bind(self.shop)
            .execute(&self.pool)
            .await
            .expect("a group");
        for person in people {
            sqlx::query("insert into memberships (conversation_id, user_id, joined_number, joined_at) values ($1, $2, 1, now())")
                .bind(group)
                .bind(person)
                .execute(&self.pool)
                .await
                .expect("a member");
        }
        group
    }

    /// A bot of the shop.
    pub async fn bot(&self) -> UserId {
        let bot = UserId::new();
        sqlx::query("insert into users (id, kind, name, home_id, created_at) values ($1, 'bot', 'Robo', $2, now())")
            .bind(bot)
            .bind(self.shop)
            .execute(&self.pool)
            .await
            .expect("a bot");
        sqlx::query("insert into bots (user_id, shop_id, created_by, created_at) values ($1, $2, $3, now())")
            .bind(bot)
            .bind(self.shop)
            .bind(self.owner.id)
            .execute(&self.pool)
            .await
            .expect("a bot of the shop");
        bot
    }

    /// A bot says something.
    pub async fn bot_says(&self, bot: UserId, group: ConversationId, text: &str) {
        sqlx::query("select append_messages(array[$1], array[$2], array[$3], array[0::bigint], array[$4], array[null::bytea], array[null::bytea], now())")
            .bind(group)
            .bind(bot)
            .bind(Uuid::new_v4().to_string())
            .bind(text)
            .execute(&self.pool)
            .await
            .expect("it is said");
    }
}

/// Asks again until there is an answer; panics after 20 seconds.
pub async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1_000 {
        looks.tick().await;
        if let Some(found) = ask().await {
            return found;
        }
    }
    panic!("not within 20 seconds: {what}")
}
