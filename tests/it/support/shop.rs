//! Shops, groups and logs, put straight into the database.

use jiff_sqlx::ToSqlx as _;
use souk::{
    conversation::Address,
    event::Event,
    id::{ConversationId, ShopId},
};
use uuid::Uuid;

use super::{Person, TestServer};

/// The database, in one breath.
macro_rules! run {
    ($server:expr, $sql:literal $(, $value:expr)*) => {
        sqlx::query($sql)$(.bind($value))*.execute($server.server.app.store.pool()).await.expect("the statement runs")
    };
}
pub(crate) use run;

/// A tenant.
#[derive(Clone, Copy, Debug)]
pub struct Shop {
    pub id: ShopId,
}

impl Shop {
    /// A shop with nobody in it.
    pub async fn new(server: &TestServer, name: &str) -> Self {
        let (id, now) = (ShopId::new(), server.clock.now().to_sqlx());
        run!(
            server,
            "insert into shops (id, name, created_at) values ($1, $2, $3)",
            id,
            name,
            now
        );
        Self { id }
    }

    /// Somebody who may chat for the shop.
    pub async fn agent(&self, server: &TestServer, name: &str) -> Person {
        let (person, now) = (
            Person::merchant(server, name).await,
            server.clock.now().to_sqlx(),
        );
        run!(
            server,
            "insert into staff (shop_id, user_id, role_id, created_at) select $1, $2, id, $3 from roles where name = 'agent'",
            self.id,
            person.id,
            now
        );
        person
    }

    /// The shop takes no messages from this customer.
    pub async fn ban(&self, server: &TestServer, customer: &Person) {
        let now = server.clock.now().to_sqlx();
        run!(
            server,
            "insert into bans values ($1, $2, 'rude', $2, $3)",
            self.id,
            customer.id,
            now
        );
    }

    /// A group with these members from the first message on.
    pub async fn group(&self, server: &TestServer, people: &[&Person]) -> ConversationId {
        let (id, now) = (ConversationId::new(), server.clock.now().to_sqlx());
        run!(
            server,
            "insert into conversations (id, kind, shop_id, active_at, created_at) values ($1, 'group', $2, $3, $3)",
            id,
            self.id,
            now
        );
        for person in people {
            joins(server, id, person, 1).await;
        }
        id
    }
}

/// Somebody takes part from message `number` on.
pub async fn joins(
    server: &TestServer,
    conversation: ConversationId,
    person: &Person,
    number: i64,
) {
    let now = server.clock.now().to_sqlx();
    run!(
        server,
        "insert into memberships (conversation_id, user_id, joined_number, joined_at) values ($1, $2, $3, $4)",
        conversation,
        person.id,
        number,
        now
    );
}

/// Somebody takes part up to message `number`.
pub async fn leaves(
    server: &TestServer,
    conversation: ConversationId,
    person: &Person,
    number: i64,
) {
    run!(
        server,
        "update memberships set left_number = $3 where conversation_id = $1 and user_id = $2 and left_number is null",
        conversation,
        person.id,
        number
    );
}

/// Somebody says something, and no screen is told.
pub async fn says_unseen(
    server: &TestServer,
    conversation: ConversationId,
    person: &Person,
    text: &str,
) {
    let now = server.clock.now().to_sqlx();
    run!(
        server,
        "select append_messages(array[$1], array[$2], array[$3], array[0], array[$4], array[null::bytea], array[null::bytea], $5)",
        conversation,
        person.id,
        Uuid::new_v4().to_string(),
        text,
        now
    );
}

/// Tells the bus of a message that is in the log already: until then its bulletin was held back.
pub fn bulletin(server: &TestServer, address: Address, group: ConversationId, number: u64) {
    let message = proto::Message {
        conversation_id: group.to_string(),
        number,
        text: number.to_string(),
        ..proto::Message::default()
    };
    let event = Event::posted(group, address.audiences(), message);
    server.server.app.store.bus().publish(&event);
}

/// A message has other words now, and no screen is told.
pub async fn edits_unseen(
    server: &TestServer,
    conversation: ConversationId,
    number: i64,
    text: &str,
) {
    let now = server.clock.now().to_sqlx();
    run!(
        server,
        "with c as (update conversations set revision = revision + 1 where id = $1 returning revision)
         update messages m set text = $3, version = version + 1, revision = c.revision, edited_at = $4
         from c where m.conversation_id = $1 and m.number = $2",
        conversation, number, text, now
    );
}
