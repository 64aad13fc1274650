//! A shop with people and groups, and REST calls by them.

use jiff_sqlx::ToSqlx as _;
use proto::{GroupRole, Message, NoticeKind, push::Event};
use reqwest::Method;
use serde_json::{Value, json};
use souk::id::{ConversationId, ShopId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Person, TestServer, people::Line};

/// What a call gives: the body, or the refusal's code.
pub type Called = Result<Value, String>;

/// A shop and whoever owns it.
pub struct Shop {
    pub id: ShopId,
    pub owner: Person,
}

impl Shop {
    /// A new shop.
    pub async fn open(server: &TestServer) -> Self {
        let id = ShopId::new();
        sqlx::query("insert into shops (id, name, created_at) values ($1, '小店', $2)")
            .bind(id)
            .bind(server.clock.now().to_sqlx())
            .execute(pool(server))
            .await
            .expect("a shop");
        let owner = Person::merchant(server, "Olga").await;
        let shop = Self { id, owner };
        shop.employ(server, &shop.owner, "owner").await;
        shop
    }

    async fn employ(&self, server: &TestServer, person: &Person, role: &str) {
        let employed = sqlx::query(
            "insert into staff (shop_id, user_id, role_id, created_at)
             select $1, $2, id, $4 from roles where name = $3 and shop_id is null",
        )
        .bind(self.id)
        .bind(person.id)
        .bind(role)
        .bind(server.clock.now().to_sqlx())
        .execute(pool(server))
        .await
        .expect("a place on the staff");
        assert_eq!(employed.rows_affected(), 1);
    }

    /// Somebody on the staff.
    pub async fn hires(&self, server: &TestServer, name: &str, role: &str) -> Person {
        let person = Person::merchant(server, name).await;
        self.employ(server, &person, role).await;
        person
    }

    /// A customer who has a conversation with the shop.
    pub async fn sells_to(&self, server: &TestServer, name: &str) -> Person {
        let customer = Person::customer(server, name).await;
        sqlx::query(
            "insert into conversations (id, kind, shop_id, person_a, active_at, created_at) values ($1, 'shop', $2, $3, $4, $4)",
        )
        .bind(Uuid::now_v7())
        .bind(self.id)
        .bind(customer.id)
        .bind(server.clock.now().to_sqlx())
        .execute(pool(server))
        .await
        .expect("a conversation with the shop");
        customer
    }

    /// So many of them.
    pub async fn sells_to_many(&self, server: &TestServer, count: usize) -> Vec<Person> {
        let mut customers = vec![];
        for place in 0..count {
            customers.push(self.sells_to(server, &format!("C{place}")).await);
        }
        customers
    }

    /// Makes a group.
    pub async fn gathers(&self, server: &TestServer, people: &[&Person]) -> ConversationId {
        let ids: Vec<UserId> = people.iter().map(|person| person.id).collect();
        let body = json!({ "name": "福利群", "user_ids": ids });
        let path = format!("/shops/{}/groups", self.id);
        let group = post(server, &self.owner, &path, body)
            .await
            .expect("a group");
        id(&group["id"])
    }
}

pub fn pool(server: &TestServer) -> &PgPool {
    server.server.app.store.pool()
}

pub fn id(value: &Value) -> ConversationId {
    value.as_str().expect("an id").parse().expect("an id")
}

/// Calls REST as this person, with JSON if it is not null.
pub async fn call(
    server: &TestServer,
    person: &Person,
    method: Method,
    path: &str,
    body: Value,
) -> Called {
    let request = reqwest::Client::new()
        .request(method, server.url(&format!("/api/v1{path}")))
        .bearer_auth(&person.token)
        .header("idempotency-key", Uuid::new_v4().to_string());
    let request = match body {
        Value::Null => request,
        body => request.json(&body),
    };
    let response = request.send().await.expect("an answer");
    let ok = response.status().is_success();
    let body: Value = response.json().await.expect("JSON");
    if ok {
        Ok(body)
    } else {
        Err(body["code"].as_str().expect("a code").to_owned())
    }
}

pub async fn get(server: &TestServer, person: &Person, path: &str) -> Called {
    call(server, person, Method::GET, path, Value::Null).await
}

pub async fn post(server: &TestServer, person: &Person, path: &str, body: Value) -> Called {
    call(server, person, Method::POST, path, body).await
}

pub async fn put(server: &TestServer, person: &Person, path: &str, body: Value) -> Called {
    call(server, person, Method::PUT, path, body).await
}

pub async fn patch(server: &TestServer, person: &Person, path: &str, body: Value) -> Called {
    call(server, person, Method::PATCH, path, body).await
}

pub async fn delete(server: &TestServer, person: &Person, path: &str) -> Called {
    call(server, person, Method::DELETE, path, Value::Null).await
}

/// A link's token, made by this person.
pub async fn link(server: &TestServer, person: &Person, group: ConversationId) -> String {
    let invite = post(
        server,
        person,
        &format!("/groups/{group}/invites"),
        json!({}),
    )
    .await
    .expect("a link");
    invite["token"].as_str().expect("a token").to_owned()
}

/// Comes by a link.
pub async fn come(server: &TestServer, person: &Person, token: &str) -> Called {
    post(server, person, "/invites/accept", json!({ "token": token })).await
}

/// One member as `person` sees them listed.
pub async fn listed(
    server: &TestServer,
    person: &Person,
    group: ConversationId,
    member: &Person,
) -> Option<Value> {
    let page = get(server, person, &format!("/groups/{group}/members"))
        .await
        .expect("members");
    let members = page["members"].as_array().expect("a list").clone();
    members
        .into_iter()
        .find(|one| one["user"]["id"] == member.id.to_string())
}

/// The intervals of one person, oldest first.
pub async fn intervals(
    server: &TestServer,
    group: ConversationId,
    person: &Person,
) -> Vec<(i64, Option<i64>)> {
    sqlx::query_as(
        "select joined_number, left_number from memberships where conversation_id = $1 and user_id = $2 order by joined_number",
    )
    .bind(group)
    .bind(person.id)
    .fetch_all(pool(server))
    .await
    .expect("intervals")
}

/// The actions in the audit record, oldest first.
pub async fn audited(server: &TestServer, shop: &Shop) -> Vec<String> {
    sqlx::query_scalar("select action from audit_entries where shop_id = $1 order by id")
        .bind(shop.id)
        .fetch_all(pool(server))
        .await
        .expect("audit rows")
}

/// The notice that this person is shown next.
pub async fn notice(line: &mut Line) -> (NoticeKind, Message) {
    loop {
        let message = line.hears().await;
        if let Some(notice) = &message.notice {
            return (notice.kind(), message);
        }
    }
}

/// Everything shown up to the end of this person's time in the group: the messages, and the last number they may see.
pub async fn until_left(line: &mut Line) -> (Vec<Message>, u64) {
    let mut messages = vec![];
    loop {
        match line.client.next_push().await.expect("a push") {
            Event::MessagePosted(posted) => messages.extend(posted.message),
            Event::ConversationLeft(left) => return (messages, left.number),
            _ => {}
        }
    }
}

/// What is pushed before the answer to a ping: everything that was queued by now.
pub async fn pushed_by_now(line: &mut Line) -> Vec<Event> {
    line.ask(proto::client_frame::Request::Ping(proto::Ping {}))
        .await;
    line.client.pushes_so_far()
}

pub fn role_word(role: GroupRole) -> String {
    proto::json::Word::word(role)
}
