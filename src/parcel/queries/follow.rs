//! Parcels, and asking the tracker to follow them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

use crate::{
    error::Result,
    id::{OrderId, PackageId, ShopId},
    parcel::rules::ParcelRules,
    store::Tx,
};

/// A parcel that the tracker shall be asked for.
pub(in crate::parcel) struct Due {
    pub package: PackageId,
    pub shop: ShopId,
    pub order: OrderId,
    pub carrier: String,
    pub tracking_number: String,
    pub secret: Option<String>,
    pub attempts: i32,
}

/// The packages of these orders become parcels, those that are none yet.
pub(in crate::parcel) async fn begin(
    tx: &mut Tx,
    shipped: &[(ShopId, OrderId)],
    now: Timestamp,
) -> Result<()> {
    let (shops, orders): (Vec<_>, Vec<_>) = shipped
        .iter()
        .map(|(shop, order)| (shop.0, order.0))
        .unzip();
    sqlx::query!(
        "
        insert into parcels (package_id, shop_id, order_id, carrier, tracking_number, expected_at, next_at)
        select p.id, p.shop_id, p.order_id, p.carrier, p.tracking_number,
          case
            when o.expected_at > p.shipped_at then o.expected_at
            else p.shipped_at + make_interval(days => coalesce(r.late_after_days, $4))
          end,
          $3
        from (select distinct shop_id, order_id from unnest($1::uuid[], $2::uuid[]) as s (shop_id, order_id)) s
        join packages p on p.shop_id = s.shop_id and p.order_id = s.order_id
        join orders o on o.id = p.order_id
        left join parcel_rules r on r.shop_id = p.shop_id
        on conflict (package_id) do nothing
        ",
        &shops,
        &orders,
        now.to_sqlx() as _,
        ParcelRules::default().late_after_days,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What is due, of all shops; only one node asks at a time.
pub(in crate::parcel) async fn due(pool: &PgPool, now: Timestamp, most: i64) -> Result<Vec<Due>> {
    let due = sqlx::query_as!(
        Due,
        r#"
        select package_id as "package: PackageId", shop_id as "shop: ShopId", order_id as "order: OrderId", carrier, tracking_number,
          secret, attempts
        from parcels
        where follow = 'due' and next_at <= $1
        order by next_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(due)
}

/// What became of asking. News may have come before the answer: what they have settled stays.
pub(in crate::parcel) async fn settle(
    tx: &mut Tx,
    parcel: &Due,
    follow: &str,
    trouble: &str,
    next_at: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update parcels
        set follow = $4, trouble = $5, next_at = $6, attempts = attempts + 1
        where shop_id = $1 and package_id = $2 and follow = 'due' and attempts = $3
        ",
        shop.0,
        parcel.package.0,
        parcel.attempts,
        follow,
        trouble,
        next_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The tracker tells no more.
pub(in crate::parcel) async fn over(tx: &mut Tx, package: PackageId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update parcels set follow = 'over' where shop_id = $1 and package_id = $2",
        shop.0,
        package.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The tracker has let go of it: it is asked again, unless it was asked too often or the parcel has arrived. Told twice it is once.
pub(in crate::parcel) async fn let_go(
    tx: &mut Tx,
    package: PackageId,
    most: i32,
    again_at: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update parcels
        set follow = case when attempts < $3 and state not in ('signed', 'returned') then 'due' else 'over' end, next_at = $4
        where shop_id = $1 and package_id = $2 and follow = 'followed'
        ",
        shop.0,
        package.0,
        most,
        again_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
