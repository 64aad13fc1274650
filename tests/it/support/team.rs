//! A shop with its owner, staff and customers.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use jiff_sqlx::ToSqlx as _;
use serde_json::{Value, json};
use souk::id::{ConversationId, ShopId, UserId};

use super::{Person, Rest, TestServer};

/// An open shop.
pub struct TestShop {
    pub id: ShopId,
    pub owner: Person,
}

impl TestShop {
    /// A merchant account opens a shop.
    pub async fn open(server: &TestServer) -> Self {
        let owner = Person::merchant(server, "Olive").await;
        let rest = server.rest().by(&owner);
        let shop = rest.post("/shops", json!({ "name": "Tea house" })).await;
        let id = shop.ok()["id"].as_str().expect("an id").parse();
        Self {
            id: id.expect("an id"),
            owner,
        }
    }

    /// `/shops/…` and the rest of a path.
    pub fn path(&self, rest: &str) -> String {
        format!("/shops/{}{rest}", self.id)
    }

    /// The owner, over REST.
    pub fn boss(&self, server: &TestServer) -> Rest {
        server.rest().by(&self.owner)
    }

    /// The id of a role, by its name.
    pub async fn role(&self, server: &TestServer, name: &str) -> Value {
        let roles = self.boss(server).get(&self.path("/roles")).await.ok();
        let mut roles = roles["roles"].as_array().expect("roles").iter();
        let role = roles.find(|role| role["name"] == name);
        role.unwrap_or_else(|| panic!("there is a role {name}"))["id"].clone()
    }

    /// The owner invites somebody by phone, who logs in and comes.
    pub async fn hire(&self, server: &TestServer, role: &str) -> Person {
        self.hire_by(server, &new_phone(), role).await
    }

    /// The same by a number of one's choice.
    pub async fn hire_by(&self, server: &TestServer, phone: &str, role: &str) -> Person {
        let invite = self.invite(server, phone, role).await;
        let person = merchant_of(server, phone, role).await;
        let accept = format!(
            "/staff-invites/{}/accept",
            invite["id"].as_str().expect("an id")
        );
        let rest = server.rest().by(&person);
        rest.post(&accept, json!({})).await.ok();
        person
    }

    /// The owner invites a phone number.
    pub async fn invite(&self, server: &TestServer, phone: &str, role: &str) -> Value {
        let newcomer =
            json!({ "phone": phone, "name": role, "role_id": self.role(server, role).await });
        let path = self.path("/staff-invites");
        self.boss(server).post(&path, newcomer).await.ok()
    }

    /// The owner changes somebody's place on the staff.
    pub async fn change(&self, server: &TestServer, who: UserId, change: Value) -> Value {
        let path = self.path(&format!("/staff/{who}"));
        self.boss(server).patch(&path, change).await.ok()
    }

    /// A customer's conversation with the shop, put straight into the database.
    pub async fn consult(&self, server: &TestServer, customer: &Person) -> ConversationId {
        self.conversation(server, "shop", Some(customer)).await
    }

    /// A group of the shop, put straight into the database.
    pub async fn group(&self, server: &TestServer, member: &Person) -> ConversationId {
        let group = self.conversation(server, "group", None).await;
        sqlx::query(
            "insert into groups (conversation_id, shop_id, name, members, created_by, created_at)
             values ($1, $2, 'Tea friends', 1, $3, $4)",
        )
        .bind(group)
        .bind(self.id)
        .bind(self.owner.id)
        .bind(server.clock.now().to_sqlx())
        .execute(server.server.app.store.pool())
        .await
        .expect("a group");
        seat(server, group, member).await;
        group
    }

    async fn conversation(
        &self,
        server: &TestServer,
        kind: &str,
        customer: Option<&Person>,
    ) -> ConversationId {
        let conversation = ConversationId::new();
        sqlx::query(
            "insert into conversations (id, kind, shop_id, person_a, source, active_at, created_at)
             values ($1, $2, $3, $4, 'nearby', $5, $5)",
        )
        .bind(conversation)
        .bind(kind)
        .bind(self.id)
        .bind(customer.map(|customer| customer.id))
        .bind(server.clock.now().to_sqlx())
        .execute(server.server.app.store.pool())
        .await
        .expect("a conversation");
        if let Some(customer) = customer {
            seat(server, conversation, customer).await;
        }
        conversation
    }
}

async fn seat(server: &TestServer, conversation: ConversationId, member: &Person) {
    sqlx::query("insert into memberships (conversation_id, user_id, joined_number, joined_at) values ($1, $2, 1, $3)")
        .bind(conversation)
        .bind(member.id)
        .bind(server.clock.now().to_sqlx())
        .execute(server.server.app.store.pool())
        .await
        .expect("a membership");
}

/// Whoever owns a number logs in with the merchant account that they have, or open now, straight in the database.
pub async fn merchant_of(server: &TestServer, phone: &str, name: &str) -> Person {
    let id: UserId = sqlx::query_scalar(
        "insert into users (id, kind, name, phone, created_at) values ($1, 'merchant', $2, $3, $4)
         on conflict (kind, phone) do update set phone = excluded.phone
         returning id",
    )
    .bind(UserId::new())
    .bind(name)
    .bind(format!("+86{phone}"))
    .bind(server.clock.now().to_sqlx())
    .fetch_one(server.server.app.store.pool())
    .await
    .expect("an account");
    Person::log_in(server, id).await
}

/// A mobile number that nobody in this run has.
pub fn new_phone() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    format!("138{:08}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// Waits until it is so: for what another task does soon.
pub async fn until(mut so: impl FnMut() -> bool) {
    let soon = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(2), soon)
        .await
        .expect("so within two seconds");
}
