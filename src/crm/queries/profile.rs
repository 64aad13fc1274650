//! What is known of one customer.

use jiff_sqlx::Timestamp as SqlTimestamp;

use super::tag::carried;
use crate::{
    crm::profile::{AskedAbout, Bought, Profile, Said},
    error::Result,
    id::{ConversationId, OrderId, ProductId, UserId},
    money::Money,
    store::Tx,
};

/// A customer of the shop, without what they bought, asked and said.
pub(in crate::crm) async fn profile(tx: &mut Tx, customer: UserId) -> Result<Option<Profile>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select u.name, coalesce(u.phone, '') as "phone!", v.id as "conversation?: ConversationId",
          c.since as "since: SqlTimestamp", c.opted_out_at is not null as "opted_out!",
          coalesce((
            select jsonb_agg(jsonb_build_object('dimension', t.dimension, 'name', t.name, 'automatic', t.set_by is null)
              order by t.dimension, t.name)
            from customer_tags t
            where t.shop_id = c.shop_id and t.customer_id = c.user_id
          ), '[]') as "tags!",
          coalesce(p.spent, 0) as "spent!", p.times as "times!", p.at as "bought: SqlTimestamp"
        from customers c
        join users u on u.id = c.user_id
        left join conversations v on v.kind = 'shop' and v.shop_id = c.shop_id and v.person_a = c.user_id
        cross join lateral (
          select sum(p.spent)::bigint as spent, count(*) as times, max(p.at) as at
          from purchases p
          where p.shop_id = c.shop_id and p.customer_id = c.user_id
        ) p
        where c.shop_id = $1 and c.user_id = $2
        "#,
        shop.0,
        customer.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Profile {
        user_id: customer,
        name: row.name,
        phone: row.phone,
        conversation_id: row.conversation,
        since: row.since.to_jiff(),
        opted_out: row.opted_out,
        tags: carried(row.tags)?,
        spent: Money::minor(row.spent),
        purchases: row.times,
        bought_at: row.bought.map(SqlTimestamp::to_jiff),
        bought: vec![],
        asked_about: vec![],
        said: vec![],
    }))
}

/// The latest lines of what they bought.
pub(in crate::crm) async fn bought(
    tx: &mut Tx,
    customer: UserId,
    most: i64,
) -> Result<Vec<Bought>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select p.order_id as "order!: OrderId", l.product_id as "product: ProductId", l.title,
          l.units - l.refunded as "units!", p.at as "at!: SqlTimestamp"
        from purchases p
        join order_lines l on l.order_id = p.order_id and l.units > l.refunded
        where p.shop_id = $1 and p.customer_id = $2
        order by p.at desc, p.order_id, l.line
        limit $3
        "#,
        shop.0,
        customer.0,
        most,
    )
    .fetch_all(tx.sql())
    .await?;
    let bought = rows.into_iter().map(|row| Bought {
        order_id: row.order,
        product_id: row.product,
        title: row.title,
        units: row.units,
        at: row.at.to_jiff(),
    });
    Ok(bought.collect())
}

/// The products that they asked about last.
pub(in crate::crm) async fn asked_about(
    tx: &mut Tx,
    customer: UserId,
    most: i64,
) -> Result<Vec<AskedAbout>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select e.product_id as "product: ProductId", p.title, e.times, e.asked_at as "at: SqlTimestamp"
        from enquiries e
        join products p on p.id = e.product_id
        where e.shop_id = $1 and e.customer_id = $2
        order by e.asked_at desc, e.product_id desc
        limit $3
        "#,
        shop.0,
        customer.0,
        most,
    )
    .fetch_all(tx.sql())
    .await?;
    let asked = rows.into_iter().map(|row| AskedAbout {
        product_id: row.product,
        title: row.title,
        times: row.times,
        at: row.at.to_jiff(),
    });
    Ok(asked.collect())
}

/// What they said last, among the newest 200 messages of the conversation.
pub(in crate::crm) async fn said(
    tx: &mut Tx,
    conversation: ConversationId,
    customer: UserId,
    most: i64,
) -> Result<Vec<Said>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select m.number, left(m.text, 200) as "text!", m.sent_at as "at: SqlTimestamp"
        from conversations c
        join messages m on m.conversation_id = c.id and m.number > c.number - 200 and m.sender_id = $3 and m.recalled_at is null
          and m.card is null
        where c.shop_id = $1 and c.id = $2
        order by m.number desc
        limit $4
        "#,
        shop.0,
        conversation.0,
        customer.0,
        most,
    )
    .fetch_all(tx.sql())
    .await?;
    let said = rows.into_iter().map(|row| Said {
        number: row.number,
        text: row.text,
        at: row.at.to_jiff(),
    });
    Ok(said.collect())
}
