//! Where a scenario's people come from.
//!
//! A scenario asks for people, for pairs in conversation or for a group, and does not care how they came to be.

use std::sync::Arc;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use crate::front_door::FrontDoor;

/// Somebody who can log in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user's id.
    pub user: Uuid,
    /// An access token.
    pub token: String,
}

/// People who are in one conversation.
#[derive(Clone, Debug)]
pub struct Circle {
    /// Its id.
    pub conversation: Uuid,
    /// Its people.
    pub people: Vec<Person>,
    /// The number of the last message before they speak: a conversation may begin with notices.
    pub said: u64,
}

/// Where people come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Registered over REST, as everybody is.
    FrontDoor(Arc<FrontDoor>),
    /// Put straight into the server's database: quick, for many.
    Database(PgPool),
    /// Anybody will do: for the bare server, which knows nobody.
    Nowhere,
}

impl Source {
    /// People who have nothing to do with one another.
    pub async fn people(&self, count: usize) -> anyhow::Result<Vec<Person>> {
        if let Self::FrontDoor(door) = self {
            return door.people(count).await.context("letting people in");
        }
        let people: Vec<Person> = (0..count).map(|_| stranger()).collect();
        if let Self::Database(pool) = self {
            let inserted = insert_people(pool, &people).await;
            inserted.context("seeding people")?;
        }
        Ok(people)
    }

    /// Conversations of two.
    pub async fn pairs(&self, count: usize) -> anyhow::Result<Vec<Circle>> {
        let people = self.people(count * 2).await?;
        if let Self::FrontDoor(door) = self {
            return door.pairs(&people).await.context("opening conversations");
        }
        let pairs: Vec<Circle> = people.chunks_exact(2).map(circle).collect();
        if let Self::Database(pool) = self {
            insert_pairs(pool, &pairs).await.context("seeding pairs")?;
        }
        Ok(pairs)
    }

    /// A group.
    pub async fn group(&self, members: usize) -> anyhow::Result<Circle> {
        let people = self.people(members).await?;
        if let Self::FrontDoor(door) = self {
            return door.group(&people).await.context("making a group");
        }
        let group = circle(&people);
        if let Self::Database(pool) = self {
            let inserted = insert_group(pool, &group).await;
            inserted.context("seeding a group")?;
        }
        Ok(group)
    }
}

fn stranger() -> Person {
    Person {
        user: Uuid::now_v7(),
        token: format!(
            "souk_at_{}",
            URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
        ),
    }
}

fn circle(people: &[Person]) -> Circle {
    Circle {
        conversation: Uuid::now_v7(),
        people: people.to_vec(),
        said: 0,
    }
}

async fn insert_people(pool: &PgPool, people: &[Person]) -> sqlx::Result<()> {
    let users: Vec<Uuid> = people.iter().map(|person| person.user).collect();
    let hash = |text: &str| Sha256::digest(text.as_bytes()).to_vec();
    let access: Vec<Vec<u8>> = people.iter().map(|person| hash(&person.token)).collect();
    let sessions: Vec<Uuid> = people.iter().map(|_| Uuid::now_v7()).collect();
    let refresh: Vec<Vec<u8>> = sessions.iter().map(|id| hash(&id.to_string())).collect();
    sqlx::query("insert into users (id, kind, name, created_at) select id, 'customer', 'Loader', now() from unnest($1::uuid[]) id")
        .bind(&users)
        .execute(pool)
        .await?;
    sqlx::query(
        "insert into sessions (id, user_id, device_id, access_hash, access_expires_at, refresh_hash, refreshed_at, expires_at, created_at)
         select s.id, s.user_id, 'loadtest', s.access, now() + interval '1 day', s.refresh, now(), now() + interval '1 day', now()
         from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) s (id, user_id, access, refresh)",
    )
    .bind(&sessions)
    .bind(&users)
    .bind(&access)
    .bind(&refresh)
    .execute(pool)
    .await?;
    Ok(())
}

async fn insert_pairs(pool: &PgPool, pairs: &[Circle]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = pairs.iter().map(|pair| pair.conversation).collect();
    let of =
        |place: usize| -> Vec<Uuid> { pairs.iter().map(|pair| pair.people[place].user).collect() };
    sqlx::query(
        "insert into conversations (id, kind, person_a, person_b, active_at, created_at)
         select id, 'direct', least(one, other), greatest(one, other), now(), now()
         from unnest($1::uuid[], $2::uuid[], $3::uuid[]) p (id, one, other)",
    )
    .bind(&ids)
    .bind(of(0))
    .bind(of(1))
    .execute(pool)
    .await?;
    for place in [0, 1] {
        insert_members(pool, &ids, &of(place)).await?;
    }
    Ok(())
}

async fn insert_group(pool: &PgPool, group: &Circle) -> sqlx::Result<()> {
    let shop = Uuid::now_v7();
    sqlx::query("insert into shops (id, name, created_at) values ($1, 'Load test', now())")
        .bind(shop)
        .execute(pool)
        .await?;
    sqlx::query(
        "insert into conversations (id, kind, shop_id, active_at, created_at) values ($1, 'group', $2, now(), now())",
    )
    .bind(group.conversation)
    .bind(shop)
    .execute(pool)
    .await?;
    let users: Vec<Uuid> = group.people.iter().map(|person| person.user).collect();
    insert_members(pool, &vec![group.conversation; users.len()], &users).await
}

async fn insert_members(pool: &PgPool, conversations: &[Uuid], users: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query(
        "insert into memberships (conversation_id, user_id, joined_number, joined_at)
         select conversation_id, user_id, 1, now() from unnest($1::uuid[], $2::uuid[]) m (conversation_id, user_id)",
    )
    .bind(conversations)
    .bind(users)
    .execute(pool)
    .await?;
    Ok(())
}

/// People who have a conversation with a shop, straight in the database: each with its id.
pub(crate) async fn consult(
    pool: &PgPool,
    shop: Uuid,
    people: &[Person],
) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    let all: Vec<(Uuid, Uuid)> = people
        .iter()
        .map(|person| (person.user, Uuid::now_v7()))
        .collect();
    let (users, conversations): (Vec<Uuid>, Vec<Uuid>) = all.iter().copied().unzip();
    for statement in [
        "insert into conversations (id, kind, shop_id, person_a, active_at, created_at)
         select id, 'shop', $1, person, now(), now() from unnest($2::uuid[], $3::uuid[]) c (person, id)",
        "insert into memberships (conversation_id, user_id, joined_number, joined_at)
         select id, person, 1, now() from unnest($2::uuid[], $3::uuid[]) c (person, id) where $1::uuid is not null",
    ] {
        sqlx::query(statement)
            .bind(shop)
            .bind(&users)
            .bind(&conversations)
            .execute(pool)
            .await?;
    }
    Ok(all)
}
