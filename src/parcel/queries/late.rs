//! What has not arrived in time.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgPool;

use super::state;
use crate::{
    error::Result,
    id::{ConversationId, OrderId, PackageId, ShopId},
    parcel::late::LateParcel,
    store::Tx,
};

/// A parcel whose customer shall be told that it is late.
pub(in crate::parcel) struct Overdue {
    pub package: PackageId,
    pub shop: ShopId,
    pub order: OrderId,
    pub tracking_number: String,
}

/// Late parcels of all shops whose customers have not been told.
pub(in crate::parcel) async fn to_be_told(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Overdue>> {
    let late = sqlx::query_as!(
        Overdue,
        r#"
        select t.package_id as "package: PackageId", t.shop_id as "shop: ShopId", t.order_id as "order: OrderId", t.tracking_number
        from parcels t
        join orders o on o.id = t.order_id
        where t.expected_at <= $1 and t.late_told_at is null and t.state not in ('signed', 'returned')
          and o.state in ('partially_shipped', 'shipped', 'in_transit')
        order by t.expected_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(late)
}

/// The shop's late parcels, after one, in the order in which they left.
pub(in crate::parcel) async fn late(
    tx: &mut Tx,
    now: Timestamp,
    after: Option<PackageId>,
    limit: i64,
) -> Result<Vec<LateParcel>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select t.package_id as "package: PackageId", t.order_id as "order: OrderId", o.number,
          o.conversation_id as "conversation: ConversationId", t.carrier, t.tracking_number, t.state,
          t.expected_at as "expected_at: SqlTimestamp", t.late_told_at as "told_at: SqlTimestamp"
        from parcels t
        join orders o on o.id = t.order_id
        where t.shop_id = $1 and t.expected_at <= $2 and t.state not in ('signed', 'returned')
          and o.state in ('partially_shipped', 'shipped', 'in_transit')
          and ($3::uuid is null or t.package_id > $3)
        order by t.package_id
        limit $4
        "#,
        shop.0,
        now.to_sqlx() as _,
        after.map(|after| after.0),
        limit
    )
    .fetch_all(tx.sql())
    .await?;
    let parcels = rows.into_iter().map(|row| {
        Ok(LateParcel {
            package_id: row.package,
            order_id: row.order,
            order_number: row.number,
            conversation_id: row.conversation,
            carrier: row.carrier,
            tracking_number: row.tracking_number,
            state: state(&row.state)?,
            expected_at: row.expected_at.to_jiff(),
            told_at: row.told_at.map(SqlTimestamp::to_jiff),
        })
    });
    parcels.collect()
}
