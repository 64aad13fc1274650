//! Red packets in groups: sent, taken, given back, checked, paid out.

mod checking;
mod ending;
mod paying;
mod rush;
mod sending;
mod taking;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::{
    lottery::Club,
    support::{Person, TestServer, rest::Said},
};

/// A group whose shop has money to give away.
pub struct Treat {
    pub club: Club,
}

impl Treat {
    /// With so much in the balance of the shop.
    pub async fn with(balance: i64) -> Self {
        Self::on(TestServer::start().await, balance).await
    }

    pub async fn on(server: TestServer, balance: i64) -> Self {
        let club = Club::on(server).await;
        sqlx::query("insert into ledger (shop_id, debit, credit, amount, cause, at) values ($1, 'provider', 'balance', $2, 'paid', now())")
            .bind(club.shop.id)
            .bind(balance)
            .execute(club.server.server.app.store.pool())
            .await
            .expect("money");
        Self { club }
    }

    /// 10 yuan in ten shares by chance, with these changes.
    pub fn form(&self, changes: Value) -> Value {
        let group = self.club.group;
        let form =
            json!({ "conversation_id": group, "kind": "lucky", "total": 1_000, "shares": 10 });
        crate::coupon::but(form, changes)
    }

    /// The owner tries to send it.
    pub async fn tries(&self, changes: Value) -> Said {
        let path = self.club.shop.path("/red-packets");
        let boss = self.club.shop.boss(&self.club.server);
        boss.post(&path, self.form(changes)).await
    }

    /// The owner sends it; gives its id.
    pub async fn sends(&self, changes: Value) -> String {
        let sent = self.tries(changes).await.ok();
        sent["id"].as_str().expect("an id").to_owned()
    }

    pub async fn takes(&self, who: &Person, red_packet: &str) -> Said {
        let path = format!("/red-packets/{red_packet}/take");
        let rest = self.club.server.rest();
        rest.by(who).post(&path, json!({})).await
    }

    pub async fn reads(&self, who: &Person, path: &str) -> Said {
        self.club.server.rest().by(who).get(path).await
    }

    /// What the shop has.
    pub async fn balances(&self) -> Value {
        let path = self.club.shop.path("/balances");
        self.club.shop.boss(&self.club.server).get(&path).await.ok()
    }

    /// Everything of red packets whose time has come.
    pub async fn due(&self) {
        let server = &self.club.server;
        let due = souk::red_packet::time_out::due(&server.server.app);
        let done = server.in_turn("red_packets_due", due).await;
        done.expect("the schedule works");
    }

    /// So many hours later.
    pub async fn later(&self, hours: i64) {
        self.club.later(hours).await;
        self.due().await;
    }

    /// The file, byte for byte.
    pub async fn file(&self, who: &Person, red_packet: &str) -> Vec<u8> {
        let path = format!("/api/v1/red-packets/{red_packet}/file");
        let url = self.club.server.url(&path);
        let asked = self.club.server.browser().get(url);
        let answer = asked.bearer_auth(&who.token).send().await;
        let answer = answer.expect("an answer").bytes().await;
        answer.expect("a whole answer").to_vec()
    }

    /// A number of the database.
    pub async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(self.club.server.server.app.store.pool())
            .await
            .expect("a number")
    }
}

/// What somebody got.
pub fn amount(share: &Value) -> i64 {
    share["amount"].as_i64().expect("an amount")
}
