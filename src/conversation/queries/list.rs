//! Which conversations, and what each looks like from one seat.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    conversation::Seat,
    id::{ConversationId, ShopId, UserId},
};

/// A place in the order of activity.
pub(in crate::conversation) type Key = (Timestamp, ConversationId);

/// The conversations that a user is in now, the most recently active first, after `key`.
pub(in crate::conversation) async fn of_user(
    sql: &mut PgConnection,
    user: UserId,
    key: Option<Key>,
    limit: i64,
) -> sqlx::Result<Vec<Key>> {
    let (at, id) = key.unzip();
    let rows = sqlx::query!(
        r#"
        select c.id as "id: ConversationId", c.active_at as "active_at: jiff_sqlx::Timestamp"
        from memberships m
        join conversations c on c.id = m.conversation_id
        where m.user_id = $1 and m.left_number is null and ($2::timestamptz is null or (c.active_at, c.id) < ($2, $3::uuid))
        order by c.active_at desc, c.id desc
        limit $4
        "#,
        user.0,
        at.map(Timestamp::to_sqlx) as _,
        id.map(|id| id.0),
        limit,
    )
    .fetch_all(sql)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.active_at.to_jiff(), row.id))
        .collect())
}

/// The customer conversations of a shop, the most recently active first, after `key`.
pub(in crate::conversation) async fn of_shop(
    sql: &mut PgConnection,
    shop: ShopId,
    key: Option<Key>,
    limit: i64,
) -> sqlx::Result<Vec<Key>> {
    let (at, id) = key.unzip();
    let rows = sqlx::query!(
        r#"
        select id as "id: ConversationId", active_at as "active_at: jiff_sqlx::Timestamp"
        from conversations
        where shop_id = $1 and kind = 'shop'
          and (active_at, id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        order by active_at desc, id desc
        limit $4
        "#,
        shop.0,
        at.map(Timestamp::to_sqlx) as _,
        id.map(|id| id.0),
        limit,
    )
    .fetch_all(sql)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.active_at.to_jiff(), row.id))
        .collect())
}

/// What a conversation looks like to one user, besides its messages.
pub(in crate::conversation) struct Face {
    pub id: ConversationId,
    pub active_at: jiff_sqlx::Timestamp,
    pub shop_name: Option<String>,
    pub partner: Option<UserId>,
    pub partner_kind: Option<String>,
    pub partner_name: Option<String>,
    pub partner_avatar: Option<Uuid>,
    pub all_muted: bool,
    pub muted_until: Option<jiff_sqlx::Timestamp>,
    /// Of the present; of whoever has left, as it was then.
    pub group_name: Option<String>,
    pub announcement: Option<String>,
    pub members: Option<i32>,
    pub join_approval: Option<bool>,
}

/// The faces of these conversations. The partner is the customer of a shop's conversation or the other one of two.
pub(in crate::conversation) async fn faces(
    sql: &mut PgConnection,
    conversations: &[Uuid],
    user: UserId,
) -> sqlx::Result<Vec<Face>> {
    sqlx::query_as!(
        Face,
        r#"
        select
          c.id as "id!: ConversationId", c.active_at as "active_at!: jiff_sqlx::Timestamp", s.name as "shop_name?",
          p.id as "partner?: UserId", p.kind as "partner_kind?", p.name as "partner_name?", p.avatar as partner_avatar,
          c.all_muted as "all_muted!", m.muted_until as "muted_until: jiff_sqlx::Timestamp",
          coalesce(last.known_as, g.name) as "group_name?", g.announcement as "announcement?", g.members as "members?",
          g.join_approval as "join_approval?"
        from conversations c
        left join shops s on s.id = c.shop_id
        left join groups g on g.conversation_id = c.id
        left join users p on p.id = case when c.person_b is null or c.person_b = $2 then c.person_a else c.person_b end
        left join memberships m on m.conversation_id = c.id and m.user_id = $2 and m.left_number is null
        left join lateral (
          select known_as
          from memberships
          where conversation_id = c.id and user_id = $2
          order by joined_number desc
          limit 1
        ) last on true
        where c.id = any ($1)
        "#,
        conversations,
        user.0,
    )
    .fetch_all(sql)
    .await
}

/// How many messages of others there are in each range of numbers, in the order of the ranges, counted to 1000. Only
/// the newest 10,000 of a range are looked at: whoever talks alone for longer than that does not slow the list.
pub(in crate::conversation) async fn of_others(
    sql: &mut PgConnection,
    conversations: &[Uuid],
    first: &[i64],
    last: &[i64],
    user: UserId,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"
        select (
          select count(*)
          from (
            select
            from messages m
            where m.conversation_id = n.conversation_id and m.number between greatest(n.first, n.last - 9999) and n.last
              and m.sender_id is distinct from $4
            limit 1000
          ) others
        ) as "count!"
        from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality as n (conversation_id, first, last, place)
        order by n.place
        "#,
        conversations,
        first,
        last,
        user.0,
    )
    .fetch_all(sql)
    .await
}

/// The pinned messages from `first` to `last` that may be seen from a seat.
pub(in crate::conversation) async fn pinned(
    sql: &mut PgConnection,
    seat: &Seat,
    first: u64,
    last: u64,
    limit: usize,
    newest_first: bool,
) -> sqlx::Result<Vec<u64>> {
    let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (starts, ends): (Vec<i64>, Vec<i64>) = seat
        .ranges()
        .into_iter()
        .map(|(start, end)| (bound(start), bound(end)))
        .unzip();
    let numbers = sqlx::query_scalar!(
        r#"
        select m.number
        from messages m
        where m.conversation_id = $1 and m.pinned_at is not null and m.number between $2 and $3
          and exists (select from unnest($4::bigint[], $5::bigint[]) as seen (first, last) where m.number between seen.first and seen.last)
        order by case when $6 then -m.number else m.number end
        limit $7
        "#,
        seat.conversation.0,
        bound(first),
        bound(last),
        &starts,
        &ends,
        newest_first,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(sql)
    .await?;
    Ok(numbers.into_iter().map(i64::cast_unsigned).collect())
}
