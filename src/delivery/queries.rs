//! Every statement about delivery.

use super::{carriers::Carrier, freight::Freight};
use crate::{error::Result, money::Money, store::Tx};

pub(super) async fn carriers(tx: &mut Tx) -> Result<Vec<Carrier>> {
    let shop = tx.shop()?;
    let carriers = sqlx::query_as!(
        Carrier,
        "select code, name from carriers where shop_id = $1 order by code",
        shop.0
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(carriers)
}

pub(super) async fn put_carrier(tx: &mut Tx, carrier: &Carrier) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into carriers (shop_id, code, name)
        values ($1, $2, $3)
        on conflict (shop_id, code) do update
        set name = excluded.name
        ",
        shop.0,
        carrier.code,
        carrier.name
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// `false`: it had none of this code.
pub(super) async fn remove_carrier(tx: &mut Tx, code: &str) -> Result<bool> {
    let shop = tx.shop()?;
    let gone = sqlx::query!(
        "delete from carriers where shop_id = $1 and code = $2",
        shop.0,
        code
    )
    .execute(tx.sql())
    .await?;
    Ok(gone.rows_affected() == 1)
}

/// The shop's template; one without a row takes nothing.
pub(super) async fn freight(tx: &mut Tx) -> Result<Freight> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Freight,
        r#"select fee as "fee: Money", free_from as "free_from: Money" from freight where shop_id = $1"#,
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found.unwrap_or_default())
}

pub(super) async fn set_freight(tx: &mut Tx, freight: Freight) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into freight (shop_id, fee, free_from)
        values ($1, $2, $3)
        on conflict (shop_id) do update
        set fee = excluded.fee, free_from = excluded.free_from
        ",
        shop.0,
        freight.fee.in_minor(),
        freight.free_from.map(Money::in_minor)
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
