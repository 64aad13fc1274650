//! Where parcels are, and who was told.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::state;
use crate::{
    error::Result,
    id::{OrderId, PackageId},
    order::LineUnits,
    parcel::show::{TraceEvent, TrackedPackage},
    store::Tx,
    tracker::{Event, News},
};

/// Adds to a parcel's trace what was not heard before; says how much that was.
pub(in crate::parcel) async fn add_events(
    tx: &mut Tx,
    package: PackageId,
    events: &[Event],
    now: Timestamp,
) -> Result<u64> {
    let shop = tx.shop()?;
    let times: Vec<SqlTimestamp> = events.iter().map(|event| event.at.to_sqlx()).collect();
    let hashes: Vec<Vec<u8>> = events
        .iter()
        .map(|event| Sha256::digest(&event.words).to_vec())
        .collect();
    let words: Vec<String> = events.iter().map(|event| event.words.clone()).collect();
    let places: Vec<String> = events.iter().map(|event| event.place.clone()).collect();
    let added = sqlx::query!(
        "
        insert into parcel_events (package_id, shop_id, at, words_hash, words, place, heard_at)
        select $2, $1, e.at, e.words_hash, e.words, e.place, $7
        from unnest($3::timestamptz[], $4::bytea[], $5::text[], $6::text[]) as e (at, words_hash, words, place)
        on conflict do nothing
        ",
        shop.0,
        package.0,
        times as _,
        &hashes,
        &words,
        &places,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected())
}

/// When the newest of these events, which were added, happened. What is dated a day or more ahead happened when it was first heard of: clocks
/// and time zones of carriers differ by less.
pub(in crate::parcel) async fn newest(
    tx: &mut Tx,
    package: PackageId,
    events: &[Event],
) -> Result<Option<Timestamp>> {
    let shop = tx.shop()?;
    let times: Vec<SqlTimestamp> = events.iter().map(|event| event.at.to_sqlx()).collect();
    let newest = sqlx::query_scalar!(
        r#"
        select max(case when at < heard_at + interval '24 hours' then at else heard_at end) as "at: SqlTimestamp"
        from parcel_events
        where shop_id = $1 and package_id = $2 and at = any ($3::timestamptz[])
        "#,
        shop.0,
        package.0,
        times as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(newest.map(SqlTimestamp::to_jiff))
}

/// The parcel is where the news say, if they are newer than what was heard before. Of the same moment, what is final stays.
pub(in crate::parcel) async fn advance(
    tx: &mut Tx,
    package: PackageId,
    news: &News,
    at: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let changed = sqlx::query!(
        "
        update parcels
        set state = $3, state_at = $4, carrier = case when $5 = '' then carrier else $5 end
        where shop_id = $1 and package_id = $2
          and (state_at is null or state_at < $4 or (state_at = $4 and state <> $3 and state not in ('signed', 'returned')))
        ",
        shop.0,
        package.0,
        news.state.word(),
        at.to_sqlx() as _,
        news.carrier,
    )
    .execute(tx.sql())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// `false`: the customer was told before.
macro_rules! told {
    ($($(#[doc = $doc:literal])* $name:ident $sql:literal)+) => {$(
        $(#[doc = $doc])*
        pub(in crate::parcel) async fn $name(tx: &mut Tx, package: PackageId, now: Timestamp) -> Result<bool> {
            let shop = tx.shop()?;
            let told = sqlx::query!($sql, shop.0, package.0, now.to_sqlx() as _)
                .execute(tx.sql())
                .await?;
            Ok(told.rows_affected() == 1)
        }
    )+};
}

told! {
    /// It is brought today. `false`: the customer was told before.
    told_out "update parcels set out_told_at = $3 where shop_id = $1 and package_id = $2 and out_told_at is null"
    /// It has arrived. `false`: the customer was told before.
    told_signed "update parcels set signed_told_at = $3 where shop_id = $1 and package_id = $2 and signed_told_at is null"
    /// It is late. `false`: the customer was told before, or it has arrived meanwhile.
    told_late "update parcels set late_told_at = $3 where shop_id = $1 and package_id = $2 and late_told_at is null and expected_at <= $3 and state not in ('signed', 'returned')"
}

/// The packages of an order, without their traces; one that left this moment may be no parcel yet.
pub(in crate::parcel) async fn packages(
    tx: &mut Tx,
    order: OrderId,
) -> Result<Vec<TrackedPackage>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select p.id as "id: PackageId", coalesce(t.carrier, p.carrier) as "carrier!", p.tracking_number, p.units,
          p.shipped_at as "shipped_at: SqlTimestamp", t.expected_at as "expected_at?: SqlTimestamp", coalesce(t.state, 'sent') as "state!",
          coalesce(t.follow in ('due', 'followed') and t.token_hash is not null, false) as "followed!"
        from packages p
        left join parcels t on t.package_id = p.id
        where p.shop_id = $1 and p.order_id = $2
        order by p.shipped_at, p.id
        "#,
        shop.0,
        order.0
    )
    .fetch_all(tx.sql())
    .await?;
    let packages = rows.into_iter().map(|row| {
        Ok(TrackedPackage {
            id: row.id,
            carrier: row.carrier,
            tracking_number: row.tracking_number,
            units: Vec::<LineUnits>::deserialize(row.units).map_err(anyhow::Error::from)?,
            shipped_at: row.shipped_at.to_jiff(),
            expected_at: row.expected_at.map(SqlTimestamp::to_jiff),
            state: state(&row.state)?,
            followed: row.followed,
            trace: vec![],
        })
    });
    packages.collect()
}

/// The traces of an order's parcels, each with the newest first.
pub(in crate::parcel) async fn traces(
    tx: &mut Tx,
    order: OrderId,
) -> Result<HashMap<PackageId, Vec<TraceEvent>>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select e.package_id as "package: PackageId", e.words, e.place,
          case when e.at < e.heard_at + interval '24 hours' then e.at else e.heard_at end as "at!: SqlTimestamp"
        from parcel_events e
        join parcels t on t.package_id = e.package_id
        where t.shop_id = $1 and t.order_id = $2
        order by e.package_id, 4 desc, e.at desc, e.words_hash
        "#,
        shop.0,
        order.0
    )
    .fetch_all(tx.sql())
    .await?;
    let mut traces: HashMap<PackageId, Vec<TraceEvent>> = HashMap::new();
    for row in rows {
        traces.entry(row.package).or_default().push(TraceEvent {
            at: row.at.to_jiff(),
            words: row.words,
            place: row.place,
        });
    }
    Ok(traces)
}
