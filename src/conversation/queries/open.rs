//! The one conversation of a customer and a shop, or of two people.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use crate::id::{ConversationId, ShopId, UserId};

/// What a conversation is opened with.
#[derive(Clone, Copy)]
pub(in crate::conversation) struct Opening {
    pub id: ConversationId,
    pub at: Timestamp,
}

/// The conversation of a shop and a customer.
pub(in crate::conversation) async fn with_shop(
    sql: &mut PgConnection,
    shop: ShopId,
    customer: UserId,
) -> sqlx::Result<Option<ConversationId>> {
    sqlx::query_scalar!(
        r#"select id as "id: ConversationId" from conversations where shop_id = $1 and person_a = $2 and kind = 'shop'"#,
        shop.0,
        customer.0,
    )
    .fetch_optional(sql)
    .await
}

/// Opens it with its first member, unless it is there (`there`; then whoever was faster has committed) or the customer
/// is banned (`banned`). Nothing: there is no such shop.
pub(in crate::conversation) async fn open_with_shop(
    sql: &mut PgConnection,
    opening: Opening,
    shop: ShopId,
    customer: UserId,
    source: Option<&str>,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"
        with asked as (
          select s.id as shop_id, exists (select from bans b where b.shop_id = s.id and b.user_id = $3) as banned
          from shops s
          where s.id = $2
        ),
        opened as (
          insert into conversations (id, kind, shop_id, person_a, source, active_at, created_at)
          select $1, 'shop', shop_id, $3, $4, clock_timestamp(), $5
          from asked
          where not banned
          on conflict (shop_id, person_a) where kind = 'shop' do nothing
          returning id
        ),
        joined as (
          insert into memberships (conversation_id, user_id, joined_number, joined_at)
          select id, $3, 1, $5
          from opened
        )
        select case when a.banned then 'banned' when o.id is null then 'there' else 'opened' end as "outcome!"
        from asked a
        left join opened o on true
        "#,
        opening.id.0,
        shop.0,
        customer.0,
        source,
        opening.at.to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await
}

/// What somebody is called.
pub(in crate::conversation) async fn name_of(
    sql: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<String> {
    sqlx::query_scalar!("select name from users where id = $1", user.0)
        .fetch_one(sql)
        .await
}

/// The conversation of two people.
pub(in crate::conversation) async fn with_person(
    sql: &mut PgConnection,
    one: UserId,
    other: UserId,
) -> sqlx::Result<Option<ConversationId>> {
    sqlx::query_scalar!(
        r#"select id as "id: ConversationId" from conversations where person_a = $1 and person_b = $2 and kind = 'direct'"#,
        one.min(other).0,
        one.max(other).0,
    )
    .fetch_optional(sql)
    .await
}

/// Opens it with both members, unless it is there (`there`). Nothing: the two share no open group and no shop's staff.
pub(in crate::conversation) async fn open_with_person(
    sql: &mut PgConnection,
    opening: Opening,
    one: UserId,
    other: UserId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"
        with tied as (
          select
          where exists (
            select
            from memberships mine
            join conversations c on c.id = mine.conversation_id and c.kind = 'group' and c.closed_at is null
            join memberships theirs on theirs.conversation_id = c.id and theirs.user_id = $3 and theirs.left_number is null
            where mine.user_id = $2 and mine.left_number is null
          ) or exists (
            select
            from posts mine
            join posts theirs on theirs.shop_id = mine.shop_id and theirs.user_id = $3
            where mine.user_id = $2
          )
        ),
        opened as (
          insert into conversations (id, kind, person_a, person_b, active_at, created_at)
          select $1, 'direct', least($2, $3), greatest($2, $3), clock_timestamp(), $4
          from tied
          on conflict (person_a, person_b) where kind = 'direct' do nothing
          returning id, person_a, person_b
        ),
        joined as (
          insert into memberships (conversation_id, user_id, joined_number, joined_at)
          select o.id, p.id, 1, $4
          from opened o, unnest(array[o.person_a, o.person_b]) as p (id)
        )
        select case when o.id is null then 'there' else 'opened' end as "outcome!"
        from tied t
        left join opened o on true
        "#,
        opening.id.0,
        one.0,
        other.0,
        opening.at.to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await
}
