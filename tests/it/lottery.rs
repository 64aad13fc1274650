//! Lotteries in groups: published, entered, drawn, settled, checked.

mod beacon;
mod beacon_trouble;
mod checking;
mod drawing;
mod entering;
mod nodes;
mod publishing;
mod settling;

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx as _;
use serde_json::{Value, json};
use souk::id::ConversationId;

use crate::support::{Person, TestServer, TestShop, rest::Said};

/// Two winners of 30 yuan each when the group has 80 members, for a day.
pub fn tea_party(server: &TestServer, group: &str) -> Value {
    let ends_at = server.clock.now() + SignedDuration::from_hours(24);
    json!({
        "conversation_id": group, "title": "周末茶会", "organiser": "茶舍", "contact": "400-800-1234",
        "prizes": [{ "name": "新茶一份", "value": 3_000, "quantity": 2 }],
        "conditions": "群内顾客均可参加", "target": 80, "ends_at": ends_at,
        "claim": { "how": "回复本群客服", "days": 7, "delivery": "快递包邮", "forfeiture": "由候补获得" },
    })
}

/// A shop with a group that its owner runs.
pub struct Club {
    pub server: TestServer,
    pub shop: TestShop,
    pub group: ConversationId,
}

impl Club {
    /// With its owner alone.
    pub async fn open() -> Self {
        Self::on(TestServer::start().await).await
    }

    pub async fn on(server: TestServer) -> Self {
        let shop = TestShop::open(&server).await;
        let path = shop.path("/groups");
        let group = shop
            .boss(&server)
            .post(&path, json!({ "name": "茶友" }))
            .await
            .ok();
        let group = group["id"].as_str().expect("an id").parse().expect("an id");
        Self {
            server,
            shop,
            group,
        }
    }

    /// So many customers more are members, put straight into the database.
    pub async fn fill(&self, people: i32) {
        let pool = self.server.server.app.store.pool();
        sqlx::query(
            "with born as (
               insert into users (id, kind, name, created_at)
               select gen_random_uuid(), 'customer', 'M' || n, $2 from generate_series(1, $3) n
               returning id
             ),
             seated as (
               insert into memberships (conversation_id, user_id, joined_number, joined_at)
               select $1, id, 2, $2 from born
             )
             update groups set members = members + $3 where conversation_id = $1",
        )
        .bind(self.group)
        .bind(self.server.clock.now().to_sqlx())
        .bind(people)
        .execute(pool)
        .await
        .expect("members");
    }

    /// A new customer on a device of their own, who has not joined yet.
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

    /// Somebody comes by this person's invitation.
    pub async fn brings(&self, host: &Person, guest: &Person) {
        let path = format!("/groups/{}/invites", self.group);
        let rest = self.server.rest();
        let link = rest.by(host).post(&path, json!({})).await.ok();
        let token = json!({ "token": link["token"] });
        rest.by(guest).post("/invites/accept", token).await.ok();
    }

    /// A new customer who comes by the owner's invitation.
    pub async fn member(&self, name: &str) -> Person {
        let person = self.stranger(name).await;
        self.brings(&self.shop.owner, &person).await;
        person
    }

    pub fn form(&self, changes: Value) -> Value {
        crate::coupon::but(tea_party(&self.server, &self.group.to_string()), changes)
    }

    /// The owner publishes it with these changes.
    pub async fn publishes(&self, changes: Value) -> String {
        let draw = self.tries(changes).await.ok();
        draw["id"].as_str().expect("an id").to_owned()
    }

    pub async fn tries(&self, changes: Value) -> Said {
        let draws = self.shop.path("/draws");
        self.shop
            .boss(&self.server)
            .post(&draws, self.form(changes))
            .await
    }

    pub async fn enters(&self, who: &Person, draw: &str, nonce: &str) -> Said {
        let path = format!("/draws/{draw}/enter");
        let throw = json!({ "nonce": nonce });
        self.server.rest().by(who).post(&path, throw).await
    }

    /// The draw as the owner sees it.
    pub async fn seen(&self, draw: &str) -> Value {
        self.shop
            .boss(&self.server)
            .get(&format!("/draws/{draw}"))
            .await
            .ok()
    }

    /// The owner does something with the draw.
    pub async fn does(&self, draw: &str, what: &str, said: Value) -> Said {
        let path = self.shop.path(&format!("/draws/{draw}/{what}"));
        self.shop.boss(&self.server).post(&path, said).await
    }

    /// Everything of draws whose time has come.
    pub async fn due(&self) {
        let due = souk::lottery::time_out::due(&self.server.server.app);
        let done = self.server.in_turn("draws_due", due).await;
        done.expect("the schedule works");
    }

    /// So many hours later; whoever was logged in still is.
    pub async fn later(&self, hours: i64) {
        let longer = "update sessions set access_expires_at = access_expires_at + make_interval(hours => $1), expires_at = expires_at + make_interval(hours => $1)";
        sqlx::query(longer)
            .bind(i32::try_from(hours).expect("not that long"))
            .execute(self.server.server.app.store.pool())
            .await
            .expect("logged in");
        self.server.clock.advance(SignedDuration::from_hours(hours));
        self.due().await;
    }

    /// The file, byte for byte.
    pub async fn file(&self, who: &Person, draw: &str) -> Vec<u8> {
        let url = self.server.url(&format!("/api/v1/draws/{draw}/file"));
        let asked = self
            .server
            .browser()
            .get(url)
            .bearer_auth(&who.token)
            .send();
        let answer = asked.await.expect("an answer");
        answer.bytes().await.expect("a whole answer").to_vec()
    }

    /// All words that were said in a conversation as notices of draws.
    pub async fn notices(&self, conversation: ConversationId) -> Vec<String> {
        sqlx::query_scalar("select text from messages where conversation_id = $1 and text like '%「%」%' order by number")
            .bind(conversation)
            .fetch_all(self.server.server.app.store.pool())
            .await
            .expect("words")
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.server.server.app.store.pool())
            .await
            .expect("a number")
    }

    pub async fn differences(&self) -> Vec<String> {
        crate::goods::differences(&self.server).await
    }
}
