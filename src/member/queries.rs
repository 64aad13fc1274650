//! Every statement about a shop's members.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use crate::{error::Result, id::UserId, money::BasisPoints, store::Tx};

/// What a customer gets off; nothing if they are no member.
pub(super) async fn off(tx: &mut Tx, customer: UserId) -> Result<BasisPoints> {
    let shop = tx.shop()?;
    let off = sqlx::query_scalar!(
        "select off from shop_members where shop_id = $1 and user_id = $2",
        shop.0,
        customer.0
    )
    .fetch_optional(tx.sql())
    .await?;
    points(off.unwrap_or_default())
}

/// What a customer gets off now, and nobody else changes it until this work ends. `None`: no customer of the shop.
pub(super) async fn hold(tx: &mut Tx, customer: UserId) -> Result<Option<BasisPoints>> {
    let shop = tx.shop()?;
    let held = sqlx::query!(
        "
        select
        from users u
        where u.id = $2 and u.kind = 'customer'
          and exists (select from conversations c where c.kind = 'shop' and c.shop_id = $1 and c.person_a = u.id)
        for no key update
        ",
        shop.0,
        customer.0
    )
    .fetch_optional(tx.sql())
    .await?;
    match held {
        Some(_) => Ok(Some(off(tx, customer).await?)),
        None => Ok(None),
    }
}

/// A member, or another discount for one.
pub(super) async fn grant(
    tx: &mut Tx,
    customer: UserId,
    off: BasisPoints,
    by: UserId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into shop_members (shop_id, user_id, off, granted_by, since)
        values ($1, $2, $3, $4, $5)
        on conflict (shop_id, user_id) do update
        set off = excluded.off, granted_by = excluded.granted_by
        ",
        shop.0,
        customer.0,
        u32::from(off).cast_signed(),
        by.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// No member any more.
pub(super) async fn end(tx: &mut Tx, customer: UserId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "delete from shop_members where shop_id = $1 and user_id = $2",
        shop.0,
        customer.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

fn points(off: i32) -> Result<BasisPoints> {
    off.unsigned_abs().try_into()
}
