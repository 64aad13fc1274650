//! Who takes part: put into the database in a few statements, before the nodes start.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use souk::{
    account::token::{Token, TokenKind},
    id::{ConversationId, SessionId, ShopId, UserId},
};
use sqlx::{PgPool, types::Uuid};

/// Somebody with an access token.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: UserId,
    pub token: String,
    /// The conversations that they take part in.
    pub conversations: Vec<String>,
}

/// How many different people a crowd is made of; each of them opens many sockets.
const CROWD: usize = 20;

/// The cast of a scenario.
#[derive(Clone)]
pub struct Cast {
    pub people: Vec<Person>,
    /// Customers who only listen, in crowds. Each has one conversation, with the crier.
    pub crowd: Vec<Person>,
    /// Who talks to the crowd, and to nobody else.
    pub crier: Person,
}

impl Cast {
    /// One shop, `customers` customers each with their conversation with it, `staff` who see all of those, and one group of
    /// everybody.
    pub async fn gather(pool: &PgPool, customers: usize, staff: usize) -> Self {
        let (shop, group) = (ShopId::new(), ConversationId::new());
        run(
            pool,
            "insert into shops (id, name, created_at) values ($1, 'Cakes', now())",
            &[shop.0],
        )
        .await;
        let mut people = Vec::new();
        for place in 0..customers + staff {
            let kind = if place < customers {
                "customer"
            } else {
                "merchant"
            };
            people.push(person(pool, kind, place).await);
        }
        let mut conversations = vec![group.to_string()];
        run(
            pool,
            "insert into conversations (id, kind, shop_id, active_at, created_at) values ($1, 'group', $2, now(), now())",
            &[group.0, shop.0],
        )
        .await;
        for (place, person) in people.iter_mut().enumerate() {
            join(pool, group, person.user).await;
            person.conversations.push(group.to_string());
            if place < customers {
                let own = ConversationId::new();
                run(
                    pool,
                    "insert into conversations (id, kind, shop_id, person_a, active_at, created_at)
                     values ($1, 'shop', $2, $3, now(), now())",
                    &[own.0, shop.0, person.user.0],
                )
                .await;
                join(pool, own, person.user).await;
                person.conversations.push(own.to_string());
                conversations.push(own.to_string());
            } else {
                run(
                    pool,
                    "insert into staff (shop_id, user_id, role_id, created_at)
                     select $1, $2, id, now() from roles where name = 'agent' and shop_id is null",
                    &[shop.0, person.user.0],
                )
                .await;
            }
        }
        for person in &mut people[customers..] {
            person.conversations.clone_from(&conversations);
        }
        let first = customers + staff;
        let crier = person(pool, "customer", first).await;
        let mut crowd = Vec::new();
        for place in 1..=CROWD {
            let mut listener = person(pool, "customer", first + place).await;
            listener.conversations = vec![pair(pool, &crier, &listener).await];
            crowd.push(listener);
        }
        Self {
            people,
            crowd,
            crier,
        }
    }

    /// Everybody may see all of their conversations from the first message on.
    pub fn seats(&self) -> BTreeMap<usize, BTreeMap<String, (u64, Option<u64>)>> {
        let seats = |person: &Person| {
            person
                .conversations
                .iter()
                .map(|one| (one.clone(), (1, None)))
                .collect()
        };
        self.people.iter().map(seats).enumerate().collect()
    }
}

/// Somebody new, who is in no conversation.
pub async fn person(pool: &PgPool, kind: &str, place: usize) -> Person {
    let token = Token::generate(TokenKind::Access, &mut rand::rng()).reveal();
    let user = UserId::new();
    sqlx::query("insert into users (id, kind, name, created_at) values ($1, $2, $3, now())")
        .bind(user)
        .bind(kind)
        .bind(format!("{kind} {place}"))
        .execute(pool)
        .await
        .expect("a user");
    sqlx::query(
        "insert into sessions (id, user_id, device_id, access_hash, access_expires_at, refresh_hash, refreshed_at, expires_at, created_at)
         values ($1, $2, 'fault', $3, now() + interval '1 day', $4, now(), now() + interval '1 day', now())",
    )
    .bind(SessionId::new())
    .bind(user)
    .bind(&Sha256::digest(token.as_bytes())[..])
    .bind(&Sha256::digest(user.0.as_bytes())[..])
    .execute(pool)
    .await
    .expect("a session");
    Person {
        user,
        token,
        conversations: vec![],
    }
}

/// A conversation of two.
async fn pair(pool: &PgPool, one: &Person, other: &Person) -> String {
    let conversation = ConversationId::new();
    run(
        pool,
        "insert into conversations (id, kind, person_a, person_b, active_at, created_at)
         values ($1, 'direct', least($2, $3), greatest($2, $3), now(), now())",
        &[conversation.0, one.user.0, other.user.0],
    )
    .await;
    join(pool, conversation, one.user).await;
    join(pool, conversation, other.user).await;
    conversation.to_string()
}

async fn join(pool: &PgPool, conversation: ConversationId, user: UserId) {
    let statement = "insert into memberships (conversation_id, user_id, joined_number, joined_at) values ($1, $2, 1, now())";
    run(pool, statement, &[conversation.0, user.0]).await;
}

async fn run(pool: &PgPool, statement: &'static str, ids: &[Uuid]) {
    let query = ids
        .iter()
        .fold(sqlx::query(statement), |query, id| query.bind(*id));
    query.execute(pool).await.expect("a row");
}
