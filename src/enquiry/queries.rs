//! Every statement about enquiries.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};

use super::list::Enquiry;
use crate::{
    error::Result,
    id::{FileId, ProductId, UserId},
    money::Money,
    promotion::flash_price,
    store::Tx,
};

/// Counts that a customer asks about a product, unless they did so after `since`; says whether it was counted.
pub(super) async fn ask(
    tx: &mut Tx,
    customer: UserId,
    product: ProductId,
    now: Timestamp,
    since: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let asked = sqlx::query!(
        "
        insert into enquiries as e (shop_id, customer_id, product_id, times, first_asked_at, asked_at)
        values ($1, $2, $3, 1, $4, $4)
        on conflict (shop_id, customer_id, product_id) do update
        set times = e.times + 1, asked_at = excluded.asked_at
        where e.asked_at <= $5
        ",
        shop.0,
        customer.0,
        product.0,
        now.to_sqlx() as _,
        since.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(asked.rows_affected() == 1)
}

/// The message that shows it.
pub(super) async fn shown_by(
    tx: &mut Tx,
    customer: UserId,
    product: ProductId,
    number: i64,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update enquiries set card_number = $4 where shop_id = $1 and customer_id = $2 and product_id = $3",
        shop.0,
        customer.0,
        product.0,
        number,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A customer's enquiries, the latest first.
pub(super) async fn page(
    tx: &mut Tx,
    customer: UserId,
    before: Option<(Timestamp, ProductId)>,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Enquiry>> {
    let shop = tx.shop()?;
    let (at, product) = before.unzip();
    let rows = sqlx::query!(
        r#"
        select e.product_id as "product: ProductId", p.title, p.pictures[1] as "picture: FileId", p.price as "price: Money", f.flash_off as "flash_off?", p.listed,
          e.times, e.first_asked_at as "first: SqlTimestamp", e.asked_at as "last: SqlTimestamp", e.card_number
        from enquiries e
        join products p on p.id = e.product_id
        left join lateral flash_at($1, p.id, $6) f on true
        where e.shop_id = $1 and e.customer_id = $2 and ($3::timestamptz is null or (e.asked_at, e.product_id) < ($3, $4::uuid))
        order by e.asked_at desc, e.product_id desc
        limit $5
        "#,
        shop.0,
        customer.0,
        at.map(Timestamp::to_sqlx) as _,
        product.map(|id| id.0),
        limit,
        now.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await?;
    let price = |price: Money, off: Option<i32>| -> Result<Money> {
        match off {
            Some(off) => Ok(flash_price(price, off.unsigned_abs().try_into()?)),
            None => Ok(price),
        }
    };
    let enquiries = rows.into_iter().map(|row| {
        Ok(Enquiry {
            product_id: row.product,
            title: row.title,
            picture: row.picture,
            price: price(row.price, row.flash_off)?,
            listed: row.listed,
            times: row.times,
            first_asked_at: row.first.to_jiff(),
            asked_at: row.last.to_jiff(),
            card_number: row.card_number,
        })
    });
    enquiries.collect()
}
