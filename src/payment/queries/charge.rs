//! What providers were asked to take.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgPool;

use super::super::charge::Charge;
use crate::{
    error::Result,
    id::{ChargeId, OrderId, ShopId},
    money::Money,
    pay::Method,
    store::Tx,
};

/// The row of a charge.
struct ChargeRow {
    id: ChargeId,
    shop: ShopId,
    order: OrderId,
    method: String,
    amount: Money,
    currency: String,
    expires_at: SqlTimestamp,
    over: bool,
}

impl ChargeRow {
    fn charge(self) -> Result<Charge> {
        let method = Method::parse(&self.method);
        Ok(Charge {
            id: self.id,
            shop: self.shop,
            order: self.order,
            method: method.ok_or_else(|| anyhow::anyhow!("`{}` is no method", self.method))?,
            amount: self.amount,
            currency: self.currency,
            expires_at: self.expires_at.to_jiff(),
            over: self.over,
        })
    }
}

/// The open charge for the same order, by the same provider, of the same sum, that can still be paid.
pub(in crate::payment) async fn open_charge(
    tx: &mut Tx,
    wanted: &Charge,
    now: Timestamp,
) -> Result<Option<Charge>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        ChargeRow,
        r#"
        select id as "id: ChargeId", shop_id as "shop: ShopId", order_id as "order: OrderId", method, amount as "amount: Money",
          currency, expires_at as "expires_at: SqlTimestamp", false as "over!"
        from charges
        where shop_id = $1 and order_id = $2 and method = $3 and amount = $4 and state = 'open' and expires_at > $5
        order by id desc
        limit 1
        "#,
        shop.0,
        wanted.order.0,
        wanted.method.word(),
        wanted.amount.in_minor(),
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    row.map(ChargeRow::charge).transpose()
}

pub(in crate::payment) async fn add_charge(
    tx: &mut Tx,
    charge: &Charge,
    now: Timestamp,
    ask_at: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into charges (id, shop_id, order_id, method, amount, currency, expires_at, ask_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ",
        charge.id.0,
        shop.0,
        charge.order.0,
        charge.method.word(),
        charge.amount.in_minor(),
        charge.currency,
        charge.expires_at.to_sqlx() as _,
        ask_at.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// By its id: whoever asks has the provider's signature under it.
pub(in crate::payment) async fn charge(pool: &PgPool, id: ChargeId) -> Result<Option<Charge>> {
    let row = sqlx::query_as!(
        ChargeRow,
        r#"
        select id as "id: ChargeId", shop_id as "shop: ShopId", order_id as "order: OrderId", method, amount as "amount: Money",
          currency, expires_at as "expires_at: SqlTimestamp", false as "over!"
        from charges
        where id = $1
        "#,
        id.0
    )
    .fetch_optional(pool)
    .await?;
    row.map(ChargeRow::charge).transpose()
}

/// Open charges of which nothing was heard, of all shops.
pub(in crate::payment) async fn silent_charges(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Charge>> {
    let rows = sqlx::query_as!(
        ChargeRow,
        r#"
        select c.id as "id: ChargeId", c.shop_id as "shop: ShopId", c.order_id as "order: OrderId", c.method,
          c.amount as "amount: Money", c.currency, c.expires_at as "expires_at: SqlTimestamp", (o.state = 'cancelled' or o.payment_status <> 'unpaid' or o.total <> c.amount) as "over!"
        from charges c
        join orders o on o.id = c.order_id
        where c.state = 'open' and c.ask_at <= $1
        order by c.ask_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(ChargeRow::charge).collect()
}

pub(in crate::payment) async fn close_charge(pool: &PgPool, charge: ChargeId) -> Result<()> {
    sqlx::query!(
        "update charges set state = 'closed' where id = $1 and state = 'open'",
        charge.0
    )
    .execute(pool)
    .await?;
    Ok(())
}

pub(in crate::payment) async fn ask_later(
    pool: &PgPool,
    charge: ChargeId,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "update charges set ask_at = $2 where id = $1 and state = 'open'",
        charge.0,
        at.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}
