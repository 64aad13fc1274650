//! What was sent.

use std::collections::HashMap;

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use serde::Deserialize as _;
use uuid::Uuid;

use super::super::LineUnits;
use super::super::Package;
use crate::{
    error::Result,
    id::{OrderId, PackageId, UserId},
    store::Tx,
};

/// The packages of these orders, each order's in the order in which they left.
pub(super) async fn packages(
    tx: &mut Tx,
    orders: &[Uuid],
) -> Result<HashMap<OrderId, Vec<Package>>> {
    let rows = sqlx::query!(
        r#"
        select order_id, carrier, tracking_number, units, shipped_at as "shipped_at: SqlTimestamp"
        from packages
        where order_id = any ($1)
        order by order_id, shipped_at, id
        "#,
        orders,
    )
    .fetch_all(tx.sql())
    .await?;
    let mut of: HashMap<OrderId, Vec<Package>> = HashMap::new();
    for row in rows {
        of.entry(OrderId(row.order_id)).or_default().push(Package {
            carrier: row.carrier,
            tracking_number: row.tracking_number,
            units: Vec::<LineUnits>::deserialize(row.units).map_err(anyhow::Error::from)?,
            shipped_at: row.shipped_at.to_jiff(),
        });
    }
    Ok(of)
}

/// A parcel that leaves. `false`: the order has one with this number already.
pub(in crate::order) async fn add_package(
    tx: &mut Tx,
    order: OrderId,
    package: &Package,
    by: UserId,
) -> Result<bool> {
    let shop = tx.shop()?;
    let units = serde_json::to_value(&package.units).map_err(anyhow::Error::from)?;
    let added = sqlx::query!(
        "
        insert into packages (id, shop_id, order_id, carrier, tracking_number, units, shipped_by, shipped_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict on constraint packages_number_taken do nothing
        ",
        PackageId::new().0,
        shop.0,
        order.0,
        package.carrier,
        package.tracking_number,
        units,
        by.0,
        package.shipped_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}
