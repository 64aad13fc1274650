//! What a new order begins with.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use crate::{
    error::Result,
    id::{ConversationId, UserId},
    store::Tx,
};

/// The next number of the shop's day. Its row stays locked until the work ends, so numbers have no gaps.
pub(in crate::order) async fn next_number(tx: &mut Tx, now: Timestamp) -> Result<(String, i64)> {
    let shop = tx.shop()?;
    let next = sqlx::query!(
        r#"
        insert into order_days as d (shop_id, day, last)
        select id, ($2::timestamptz at time zone time_zone)::date, 1
        from shops
        where id = $1
        on conflict (shop_id, day) do update
        set last = d.last + 1
        returning to_char(day, 'YYYYMMDD') as "day!", last
        "#,
        shop.0,
        now.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok((next.day, next.last))
}

/// The customer of a conversation with the shop, their name and phone.
pub(in crate::order) async fn customer_of(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<Option<(UserId, String, Option<String>)>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select u.id as "id: UserId", u.name, u.phone
        from conversations c
        join users u on u.id = c.person_a
        where c.id = $2 and c.shop_id = $1 and c.kind = 'shop'
        "#,
        shop.0,
        conversation.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| (row.id, row.name, row.phone)))
}
