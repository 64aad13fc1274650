//! Every statement about conversations and messages.

pub(super) mod change;
pub(super) mod list;
pub(super) mod load;
pub(super) mod open;
pub(super) mod read;
pub(super) mod refer;
pub(super) mod resume;
pub(super) mod search;
pub(super) mod seat;
mod standing;

use std::borrow::Borrow;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;
use uuid::Uuid;

pub(super) use self::standing::{address_of, standing};
use super::{Address, Draft, Time, wire};
use crate::{
    error::Result,
    id::{ConversationId, ShopId, UserId},
    store::Tx,
};

/// What `append_messages` made of one draft.
#[derive(Debug)]
pub(super) struct Outcome {
    pub verdict: String,
    pub number: Option<i64>,
    pub sent_at: Option<Timestamp>,
    pub as_shop: bool,
    /// What the message quotes, as that was at this moment (`write.rs`).
    pub quote: Option<proto::Quote>,
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
    drafts: &[impl Borrow<Draft>],
    now: Timestamp,
) -> Result<Vec<Outcome>, sqlx::Error> {
    let drafts = || drafts.iter().map(Borrow::borrow);
    let stored: Vec<wire::Stored> = drafts()
        .map(|draft| wire::store(&draft.message, draft.fingerprint))
        .collect();
    let rows = sqlx::query!(
        r#"
        select place as "place!", outcome as "outcome!", number, sent_at as "sent_at: jiff_sqlx::Timestamp",
          as_shop as "as_shop!", shop_id, kind, person_a, person_b
        from append_messages($1, $2, $3, $4, $5, $6, $7, $8)
        order by place
        "#,
        &drafts().map(|draft| draft.conversation.0).collect::<Vec<_>>(),
        &drafts().map(|draft| draft.sender.map(|sender| sender.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &stored.iter().map(|one| one.client_message_id).collect::<Vec<_>>() as &[Option<&str>],
        &stored.iter().map(|one| one.fingerprint).collect::<Vec<_>>(),
        &stored.iter().map(|one| one.text).collect::<Vec<_>>() as &[&str],
        &stored.iter().map(|one| one.extra.as_deref()).collect::<Vec<_>>() as &[Option<&[u8]>],
        &stored.iter().map(|one| one.card.as_deref()).collect::<Vec<_>>() as &[Option<&[u8]>],
        now.to_sqlx() as _,
    )
    .fetch_all(sql)
    .await?;
    let outcomes = rows.into_iter().map(|row| Outcome {
        verdict: row.outcome,
        number: row.number,
        sent_at: row.sent_at.map(jiff_sqlx::Timestamp::to_jiff),
        as_shop: row.as_shop,
        quote: None,
        shop: row.shop_id,
        kind: row.kind,
        person_a: row.person_a,
        person_b: row.person_b,
    });
    Ok(outcomes.collect())
}

/// Those of these conversations whose rows somebody else holds.
pub(super) async fn held(
    sql: impl PgExecutor<'_>,
    conversations: &[ConversationId],
) -> Result<Vec<ConversationId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        with free as (
          select id from conversations where id = any ($1) for no key update skip locked
        )
        select c.id as "id: ConversationId"
        from conversations c
        where c.id = any ($1) and c.id not in (select id from free)
        "#,
        &conversations.iter().map(|one| one.0).collect::<Vec<_>>(),
    )
    .fetch_all(sql)
    .await
}

/// The groups that a user is in now, with all their times in each, the oldest first.
pub(super) async fn groups_of(
    sql: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Vec<(ConversationId, Vec<Time>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select m.conversation_id as "group: ConversationId", t.joined as "joined!", t.parted as "parted!: Vec<Option<i64>>"
        from memberships m
        join conversations c on c.id = m.conversation_id
        cross join lateral (
          select array_agg(joined_number order by joined_number) as joined, array_agg(left_number order by joined_number) as parted
          from memberships
          where conversation_id = m.conversation_id and user_id = $1
        ) t
        where m.user_id = $1 and m.left_number is null and c.kind = 'group'
        "#,
        user.0,
    )
    .fetch_all(sql)
    .await?;
    let times = |joined: Vec<i64>, parted: Vec<Option<i64>>| {
        let times = joined.into_iter().zip(parted).map(|(joined, left)| Time {
            joined: joined.cast_unsigned(),
            left: left.map(i64::cast_unsigned),
        });
        times.collect()
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.group, times(row.joined, row.parted)))
        .collect())
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

/// Who answers for a customer's conversation with the shop, held until the work ends; `None` where there is none such.
pub(super) async fn assignee(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<Option<Option<UserId>>> {
    let shop = tx.shop()?;
    let assignee = sqlx::query_scalar!(
        r#"
        select assignee_id as "assignee: UserId"
        from conversations
        where id = $2 and shop_id = $1 and kind = 'shop'
        for no key update
        "#,
        shop.0,
        conversation.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(assignee)
}

/// A member of staff as others see them.
pub(super) struct Agent {
    pub kind: String,
    pub name: String,
    pub avatar: Option<Uuid>,
}

/// Kind and name of somebody who may chat for the shop now; their post cannot be changed meanwhile.
pub(super) async fn agent(tx: &mut Tx, user: UserId) -> Result<Option<Agent>> {
    let shop = tx.shop()?;
    let agent = sqlx::query_as!(
        Agent,
        "
        select u.kind, u.name, u.avatar
        from staff s
        join users u on u.id = s.user_id
        left join roles r on r.id = s.role_id
        where s.shop_id = $1 and s.user_id = $2 and s.disabled_at is null
          and 'chat' = any (coalesce(r.permissions, s.scopes))
        for share of s
        ",
        shop.0,
        user.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(agent)
}

/// Another member of staff answers for a conversation, or nobody.
pub(super) async fn assign(
    tx: &mut Tx,
    conversation: ConversationId,
    assignee: Option<UserId>,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update conversations set assignee_id = $3 where id = $2 and shop_id = $1",
        shop.0,
        conversation.0,
        assignee.map(|user| user.0),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A conversation's row as the sweep compares it.
#[derive(Debug)]
pub(super) struct Moved {
    pub conversation: ConversationId,
    pub address: Address,
    pub number: u64,
    pub revision: u64,
}

/// Conversations with any activity in the last `seconds` of the database's clock.
pub(super) async fn moved_within(sql: impl PgExecutor<'_>, seconds: f64) -> Result<Vec<Moved>> {
    let rows = sqlx::query!(
        r#"
        select id as "id: ConversationId", kind, shop_id, person_a, person_b, number, revision
        from conversations
        where active_at > clock_timestamp() - make_interval(secs => $1)
        "#,
        seconds,
    )
    .fetch_all(sql)
    .await?;
    let moved = rows.into_iter().map(|row| {
        Ok(Moved {
            conversation: row.id,
            address: address(row.id, &row.kind, row.shop_id, row.person_a, row.person_b)?,
            number: row.number.cast_unsigned(),
            revision: row.revision.cast_unsigned(),
        })
    });
    moved.collect()
}

/// The newest interval of everybody whose membership of a group changed in the last `seconds` of the database's clock.
pub(super) async fn memberships_changed_within(
    sql: impl PgExecutor<'_>,
    seconds: f64,
) -> Result<Vec<super::recent::Change>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select distinct on (m.conversation_id, m.user_id)
          m.conversation_id as "group: ConversationId", m.user_id as "user: UserId", m.joined_number, m.left_number,
          c.number, c.revision
        from memberships m
        join conversations c on c.id = m.conversation_id
        where m.changed_at > clock_timestamp() - make_interval(secs => $1) and c.kind = 'group'
        order by m.conversation_id, m.user_id, m.joined_number desc
        "#,
        seconds,
    )
    .fetch_all(sql)
    .await?;
    let changes = rows.into_iter().map(|row| super::recent::Change {
        group: row.group,
        user: row.user,
        joined: row.joined_number.cast_unsigned(),
        left: row.left_number.map(i64::cast_unsigned),
        number: row.number.cast_unsigned(),
        revision: row.revision.cast_unsigned(),
    });
    Ok(changes.collect())
}

/// Those of `others` whom `user` has to do with: both take part in a conversation, or one works for a shop that the
/// other is a customer of, or both work for one.
pub(super) async fn acquaintances(
    sql: impl PgExecutor<'_>,
    user: UserId,
    others: &[UserId],
) -> Result<Vec<UserId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select o.id as "id!: UserId"
        from unnest($2::uuid[]) as o (id)
        where o.id = $1
          or exists (
            select from memberships mine
            join memberships theirs on theirs.conversation_id = mine.conversation_id
            where mine.user_id = $1 and mine.left_number is null and theirs.user_id = o.id and theirs.left_number is null)
          or exists (
            select from posts p
            join conversations c on c.shop_id = p.shop_id and c.kind = 'shop' and c.person_a = o.id
            where p.user_id = $1 and 'chat' = any (p.permissions))
          or exists (
            select from conversations c
            join posts p on p.shop_id = c.shop_id and p.user_id = o.id and 'chat' = any (p.permissions)
            where c.kind = 'shop' and c.person_a = $1)
          or exists (
            select from posts mine
            join posts theirs on theirs.shop_id = mine.shop_id
            where mine.user_id = $1 and theirs.user_id = o.id)
        "#,
        user.0,
        &others.iter().map(|other| other.0).collect::<Vec<_>>(),
    )
    .fetch_all(sql)
    .await
}

/// All versions of the messages from `from` on, in the log's order: so many, and no more after so many bytes.
pub(super) async fn record(
    tx: &mut Tx,
    conversation: ConversationId,
    from: i64,
    most: i64,
    bytes: i64,
) -> Result<Vec<super::record::Row>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        super::record::Row,
        r#"
        with said as (
          select m.number, m.sender_id, m.sent_at, m.version, m.text, m.extra, m.card, m.recalled_at
          from messages m
          join conversations c on c.id = m.conversation_id and c.shop_id = $1
          where m.conversation_id = $2 and m.number >= $3
          order by m.number
          limit $4
        ), versions as (
          select s.number, v.version, s.sender_id, s.sent_at, v.replaced_at, v.text, v.extra, v.card, false as recalled
          from said s
          join message_versions v on v.conversation_id = $2 and v.number = s.number
          union all
          select s.number, s.version, s.sender_id, s.sent_at, null, s.text, s.extra, s.card, s.recalled_at is not null
          from said s
          order by number, version
          limit $4
        ), counted as (
          select v.*, o.own, sum(o.own) over (order by v.number, v.version)::bigint as bytes
          from versions v
          cross join lateral (
            select octet_length(v.text) + coalesce(octet_length(v.extra), 0) + coalesce(octet_length(v.card), 0) as own
          ) o
        )
        select number as "number!", version as "version!", sender_id as "sender: UserId", sent_at as "sent_at!: jiff_sqlx::Timestamp",
          replaced_at as "replaced_at: jiff_sqlx::Timestamp", text as "text!", extra, card, recalled as "recalled!", bytes as "bytes!"
        from counted
        where bytes - own <= $5
        order by number, version
        "#,
        shop.0,
        conversation.0,
        from,
        most,
        bytes
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows)
}
