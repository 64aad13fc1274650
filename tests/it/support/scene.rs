//! Shops, their staff and their conversations, put straight into the database.

use jiff_sqlx::ToSqlx as _;
use souk::id::{ConversationId, ShopId};

use super::{Person, TestServer};

/// A shop, one of its agents and one of its operators (who may moderate), a customer, and their conversation.
pub struct Scene {
    pub shop: ShopId,
    pub agent: Person,
    pub operator: Person,
    pub customer: Person,
    pub conversation: ConversationId,
}

impl Scene {
    /// Sets it up.
    pub async fn new(server: &TestServer) -> Self {
        let shop = shop(server).await;
        let agent = Person::merchant(server, "Li").await;
        let operator = Person::merchant(server, "Wang").await;
        employ(server, shop, &agent, "agent").await;
        employ(server, shop, &operator, "operator").await;
        let customer = Person::customer(server, "Ann").await;
        let conversation = ConversationId::new();
        let now = server.clock.now().to_sqlx();
        sqlx::query("insert into conversations (id, kind, shop_id, person_a, active_at, created_at) values ($1, 'shop', $2, $3, $4, $4)")
            .bind(conversation).bind(shop).bind(customer.id).bind(now)
            .execute(server.server.app.store.pool()).await.expect("a conversation");
        join(server, conversation, &customer, 1).await;
        Self {
            shop,
            agent,
            operator,
            customer,
            conversation,
        }
    }
}

/// A shop.
pub async fn shop(server: &TestServer) -> ShopId {
    let shop = ShopId::new();
    sqlx::query("insert into shops (id, name, created_at) values ($1, 'Tea', $2)")
        .bind(shop)
        .bind(server.clock.now().to_sqlx())
        .execute(server.server.app.store.pool())
        .await
        .expect("a shop");
    shop
}

/// Gives somebody a built-in role in a shop.
pub async fn employ(server: &TestServer, shop: ShopId, person: &Person, role: &str) {
    sqlx::query(
        "insert into staff (shop_id, user_id, role_id, created_at)
         select $1, $2, id, $4 from roles where shop_id is null and name = $3",
    )
    .bind(shop)
    .bind(person.id)
    .bind(role)
    .bind(server.clock.now().to_sqlx())
    .execute(server.server.app.store.pool())
    .await
    .expect("a place on the staff");
}

/// A group of a shop; the first one owns it.
pub async fn group(server: &TestServer, shop: ShopId, people: &[&Person]) -> ConversationId {
    let group = ConversationId::new();
    sqlx::query("insert into conversations (id, kind, shop_id, active_at, created_at) values ($1, 'group', $2, $3, $3)")
        .bind(group)
        .bind(shop)
        .bind(server.clock.now().to_sqlx())
        .execute(server.server.app.store.pool())
        .await
        .expect("a group");
    for (place, person) in people.iter().enumerate() {
        join(server, group, person, if place == 0 { 3 } else { 1 }).await;
    }
    group
}

/// Somebody takes part from the next message on, with a role (1 member, 2 manager, 3 owner).
pub async fn join(server: &TestServer, conversation: ConversationId, person: &Person, role: i16) {
    sqlx::query(
        "insert into memberships (conversation_id, user_id, joined_number, role, joined_at)
         select id, $2, number + 1, $3, $4 from conversations where id = $1",
    )
    .bind(conversation)
    .bind(person.id)
    .bind(role)
    .bind(server.clock.now().to_sqlx())
    .execute(server.server.app.store.pool())
    .await
    .expect("a membership");
}

/// Somebody takes no part from now on.
pub async fn leave(server: &TestServer, conversation: ConversationId, person: &Person) {
    sqlx::query(
        "update memberships m set left_number = c.number from conversations c
         where c.id = $1 and m.conversation_id = $1 and m.user_id = $2",
    )
    .bind(conversation)
    .bind(person.id)
    .execute(server.server.app.store.pool())
    .await
    .expect("gone");
}
