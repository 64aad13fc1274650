//! Every statement about parcels.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

use super::{
    late::LateParcel,
    rules::ParcelRules,
    show::{TraceEvent, TrackedPackage},
};
use crate::{
    error::Result,
    id::{ConversationId, OrderId, PackageId, ShopId},
    order::LineUnits,
    store::Tx,
    tracker::{Event, News, State},
};

/// A parcel that the tracker shall be asked for.
pub(super) struct Due {
    pub package: PackageId,
    pub shop: ShopId,
    pub order: OrderId,
    pub carrier: String,
    pub tracking_number: String,
    pub secret: Option<String>,
    pub attempts: i32,
}

/// A parcel that somebody has news of.
pub(super) struct Known {
    pub package: PackageId,
    pub shop: ShopId,
    pub order: OrderId,
    pub tracking_number: String,
    pub secret: String,
}

/// A parcel whose customer shall be told that it is late.
pub(super) struct Overdue {
    pub package: PackageId,
    pub shop: ShopId,
    pub order: OrderId,
    pub tracking_number: String,
}

/// A state that the database holds.
fn state(word: &str) -> Result<State> {
    Ok(State::of(word).ok_or_else(|| anyhow::anyhow!("`{word}` is no state of a parcel"))?)
}

/// The packages of these orders become parcels, those that are none yet.
pub(super) async fn begin(
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
pub(super) async fn due(pool: &PgPool, now: Timestamp, most: i64) -> Result<Vec<Due>> {
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

/// Gives a parcel its secret, unless it has one. Gives the one that it has now, sealed.
pub(super) async fn arm(
    tx: &mut Tx,
    package: PackageId,
    hash: &[u8],
    sealed: &str,
) -> Result<String> {
    let shop = tx.shop()?;
    let kept = sqlx::query_scalar!(
        r#"
        update parcels
        set token_hash = coalesce(token_hash, $3), secret = coalesce(secret, $4)
        where shop_id = $1 and package_id = $2
        returning secret as "secret!"
        "#,
        shop.0,
        package.0,
        hash,
        sealed
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(kept)
}

/// Parcels whose secrets are sealed with another key than the one of this mark, of all shops.
pub(super) async fn sealed_otherwise(
    pool: &PgPool,
    mark: &str,
    most: i64,
) -> Result<Vec<(PackageId, String)>> {
    let rows = sqlx::query!(
        r#"
        select package_id as "package: PackageId", secret as "secret!"
        from parcels
        where secret is not null and not starts_with(secret, $1)
        limit $2
        "#,
        mark,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.package, row.secret))
        .collect())
}

/// The same secret, sealed anew.
pub(super) async fn reseal(
    pool: &PgPool,
    package: PackageId,
    kept: &str,
    renewed: &str,
) -> Result<()> {
    sqlx::query!(
        "update parcels set secret = $3 where package_id = $1 and secret = $2",
        package.0,
        kept,
        renewed
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// What became of asking. News may have come before the answer: what they have settled stays.
pub(super) async fn settle(
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

/// The parcel whose address has this secret part; whose shop it is, nobody has said.
pub(super) async fn of_token(pool: &PgPool, hash: &[u8]) -> Result<Option<Known>> {
    let known = sqlx::query_as!(
        Known,
        r#"
        select package_id as "package: PackageId", shop_id as "shop: ShopId", order_id as "order: OrderId", tracking_number,
          secret as "secret!"
        from parcels
        where token_hash = $1
        "#,
        hash
    )
    .fetch_optional(pool)
    .await?;
    Ok(known)
}

/// Adds to a parcel's trace what was not heard before; says how much that was.
pub(super) async fn add_events(
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
pub(super) async fn newest(
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
pub(super) async fn advance(
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
        pub(super) async fn $name(tx: &mut Tx, package: PackageId, now: Timestamp) -> Result<bool> {
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

/// The tracker tells no more.
pub(super) async fn over(tx: &mut Tx, package: PackageId) -> Result<()> {
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
pub(super) async fn let_go(
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

/// Late parcels of all shops whose customers have not been told.
pub(super) async fn to_be_told(pool: &PgPool, now: Timestamp, most: i64) -> Result<Vec<Overdue>> {
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
pub(super) async fn late(
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

/// The shop's rules; one without a row has the default.
pub(super) async fn rules(tx: &mut Tx) -> Result<ParcelRules> {
    let shop = tx.shop()?;
    let rules = sqlx::query_as!(
        ParcelRules,
        "select late_after_days from parcel_rules where shop_id = $1",
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(rules.unwrap_or_default())
}

pub(super) async fn set_rules(tx: &mut Tx, rules: ParcelRules) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into parcel_rules (shop_id, late_after_days)
        values ($1, $2)
        on conflict (shop_id) do update
        set late_after_days = excluded.late_after_days
        ",
        shop.0,
        rules.late_after_days
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The packages of an order, without their traces; one that left this moment may be no parcel yet.
pub(super) async fn packages(tx: &mut Tx, order: OrderId) -> Result<Vec<TrackedPackage>> {
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
pub(super) async fn traces(
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
