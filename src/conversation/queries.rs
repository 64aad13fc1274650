//! Every statement about conversations and messages.

pub(super) mod list;
pub(super) mod load;
pub(super) mod open;
pub(super) mod read;
pub(super) mod resume;
pub(super) mod seat;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::{Address, Draft, wire};
use crate::{
    error::Result,
    id::{ConversationId, ShopId, UserId},
};

/// What `append_messages` made of one draft.
#[derive(Debug)]
pub(super) struct Outcome {
    pub verdict: String,
    pub number: Option<i64>,
    pub sent_at: Option<Timestamp>,
    pub as_shop: bool,
    shop: Option<Uuid>,
    kind: Option<String>,
    person_a: Option<Uuid>,
    person_b: Option<Uuid>,
}

impl Outcome {
    pub(super) fn address(&self, conversation: ConversationId) -> Result<Address> {
        address(
            conversation,
            self.kind.as_deref().unwrap_or_default(),
            self.shop,
            self.person_a,
            self.person_b,
        )
    }
}

/// Where a conversation's events go, from its row.
pub(super) fn address(
    group: ConversationId,
    kind: &str,
    shop: Option<Uuid>,
    person_a: Option<Uuid>,
    person_b: Option<Uuid>,
) -> Result<Address> {
    match (
        kind,
        shop.map(ShopId),
        person_a.map(UserId),
        person_b.map(UserId),
    ) {
        ("shop", Some(shop), Some(customer), _) => Ok(Address::Shop { shop, customer }),
        ("direct", _, Some(one), Some(other)) => Ok(Address::Direct(one, other)),
        ("group", Some(shop), ..) => Ok(Address::Group { group, shop }),
        _ => Err(anyhow::anyhow!("a conversation row that is of no kind").into()),
    }
}

/// Judges, numbers and writes a batch: one statement, one transaction, one answer for each draft in its order.
pub(super) async fn append(
    sql: impl PgExecutor<'_>,
    drafts: &[Draft],
    now: Timestamp,
) -> Result<Vec<Outcome>, sqlx::Error> {
    let stored: Vec<wire::Stored> = drafts
        .iter()
        .map(|draft| wire::store(&draft.message))
        .collect();
    let rows = sqlx::query!(
        r#"
        select place as "place!", outcome as "outcome!", number, sent_at as "sent_at: jiff_sqlx::Timestamp",
          as_shop as "as_shop!", shop_id, kind, person_a, person_b
        from append_messages($1, $2, $3, $4, $5, $6, $7, $8)
        order by place
        "#,
        &drafts.iter().map(|draft| draft.conversation.0).collect::<Vec<_>>(),
        &drafts.iter().map(|draft| draft.sender.map(|sender| sender.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &stored.iter().map(|one| one.client_message_id.clone()).collect::<Vec<_>>() as &[Option<String>],
        &stored.iter().map(|one| one.fingerprint).collect::<Vec<_>>(),
        &stored.iter().map(|one| one.text.clone()).collect::<Vec<_>>(),
        &stored.iter().map(|one| one.extra.clone()).collect::<Vec<_>>() as &[Option<Vec<u8>>],
        &stored.iter().map(|one| one.card.clone()).collect::<Vec<_>>() as &[Option<Vec<u8>>],
        now.to_sqlx() as _,
    )
    .fetch_all(sql)
    .await?;
    let outcomes = rows.into_iter().map(|row| Outcome {
        verdict: row.outcome,
        number: row.number,
        sent_at: row.sent_at.map(jiff_sqlx::Timestamp::to_jiff),
        as_shop: row.as_shop,
        shop: row.shop_id,
        kind: row.kind,
        person_a: row.person_a,
        person_b: row.person_b,
    });
    Ok(outcomes.collect())
}

/// The groups that a user is in now.
pub(super) async fn groups_of(
    sql: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Vec<ConversationId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select m.conversation_id as "group: ConversationId"
        from memberships m
        join conversations c on c.id = m.conversation_id
        where m.user_id = $1 and m.left_number is null and c.kind = 'group'
        "#,
        user.0,
    )
    .fetch_all(sql)
    .await
}

/// Is somebody, or are the shops that they answer for, in one of these conversations?
pub(super) async fn takes_part_in_any(
    sql: impl PgExecutor<'_>,
    user: UserId,
    shops: &[ShopId],
    conversations: &[ConversationId],
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select exists (
          select from memberships m where m.user_id = $1 and m.conversation_id = any ($3)
        ) or exists (
          select from conversations c where c.id = any ($3) and c.kind = 'shop' and c.shop_id = any ($2)
        ) as "does!"
        "#,
        user.0,
        &shops.iter().map(|shop| shop.0).collect::<Vec<_>>(),
        &conversations.iter().map(|conversation| conversation.0).collect::<Vec<_>>(),
    )
    .fetch_one(sql)
    .await
}
