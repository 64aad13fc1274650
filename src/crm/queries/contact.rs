//! Who a customer is, and who may not speak.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use crate::{
    crm::Contact,
    error::Result,
    id::{ConversationId, UserId},
    store::Tx,
};

/// A customer who has a conversation with the shop.
pub(in crate::crm) async fn contact(tx: &mut Tx, customer: UserId) -> Result<Option<Contact>> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Contact,
        r#"
        select u.id as "user_id: UserId", u.name, coalesce(u.phone, '') as "phone!", coalesce(c.source, '') as "source!",
          c.id as "conversation_id: ConversationId", b.user_id is not null as "banned!"
        from conversations c
        join users u on u.id = c.person_a
        left join bans b on b.shop_id = c.shop_id and b.user_id = u.id
        where c.kind = 'shop' and c.shop_id = $1 and c.person_a = $2
        "#,
        shop.0,
        customer.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found)
}

/// Holds a customer whom the shop knows: by a conversation, a group or its own site. False for anybody else.
pub(in crate::crm) async fn hold_customer(tx: &mut Tx, customer: UserId) -> Result<bool> {
    let shop = tx.shop()?;
    let held = sqlx::query!(
        "
        select
        from users u
        where u.id = $2 and u.kind = 'customer' and (
          u.home_id = $1
          or exists (select from conversations c where c.kind = 'shop' and c.shop_id = $1 and c.person_a = u.id)
          or exists (
            select from memberships m
            join conversations c on c.id = m.conversation_id
            where m.user_id = u.id and c.shop_id = $1
          )
        )
        for no key update
        ",
        shop.0,
        customer.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(held.is_some())
}

/// Why a customer is banned, if they are.
pub(in crate::crm) async fn ban_reason(tx: &mut Tx, customer: UserId) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let reason = sqlx::query_scalar!(
        "select reason from bans where shop_id = $1 and user_id = $2",
        shop.0,
        customer.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(reason)
}

/// Bans, or gives another reason.
pub(in crate::crm) async fn ban(
    tx: &mut Tx,
    customer: UserId,
    reason: &str,
    by: UserId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into bans (shop_id, user_id, reason, banned_by, at)
        values ($1, $2, $3, $4, $5)
        on conflict (shop_id, user_id) do update
        set reason = excluded.reason, banned_by = excluded.banned_by, at = excluded.at
        ",
        shop.0,
        customer.0,
        reason,
        by.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Lifts a ban; gives its reason if there was one.
pub(in crate::crm) async fn lift(tx: &mut Tx, customer: UserId) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let reason = sqlx::query_scalar!(
        "delete from bans where shop_id = $1 and user_id = $2 returning reason",
        shop.0,
        customer.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(reason)
}

/// A customer wants the shop's campaigns, or does not. False: there is no such shop.
pub(in crate::crm) async fn wish(
    tx: &mut Tx,
    customer: UserId,
    wanted: bool,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let set = sqlx::query!(
        "
        insert into customers (shop_id, user_id, since, opted_out_at)
        select id, $2, $4, case when not $3 then $4::timestamptz end
        from shops
        where id = $1
        on conflict (shop_id, user_id) do update
        set opted_out_at = case when not $3 then coalesce(customers.opted_out_at, excluded.opted_out_at) end
        ",
        shop.0,
        customer.0,
        wanted,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(set.rows_affected() == 1)
}
