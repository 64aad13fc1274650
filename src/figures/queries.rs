//! Every statement about figures. Those by day have a row a day on which something was, and one without a day for all of them.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};

use crate::{
    error::{Refusal, Result},
    store::Tx,
};

/// Some days of a shop.
pub(super) struct Period {
    pub time_zone: String,
    /// When the first of them began.
    pub from: Timestamp,
    /// Now.
    pub until: Timestamp,
    /// `2025-01-31`, the oldest first.
    pub days: Vec<String>,
}

/// Orders of a day.
pub(super) struct Orders {
    pub day: Option<String>,
    pub orders: i64,
}

/// Money of a day.
pub(super) struct Money {
    pub day: Option<String>,
    pub paid: i64,
    pub paid_orders: i64,
    pub payers: i64,
    pub given_back: i64,
    pub refunded_orders: i64,
}

/// Coupons of a day.
pub(super) struct Coupons {
    pub day: Option<String>,
    pub claimed: i64,
    pub used: i64,
}

/// What the rates of coupons are made of.
pub(super) struct Rates {
    /// Claimed in the period, and used by now.
    pub claimed_and_used: i64,
    /// In wallets, of the templates that count.
    pub in_wallets: i64,
    /// What these templates have in all.
    pub quantity: i64,
}

/// How long customers waited on a day.
pub(super) struct Waits {
    pub day: Option<String>,
    pub answers: i64,
    pub half_ms: i64,
    pub slow_ms: i64,
}

/// So many days of the shop that end with today.
pub(super) async fn period(tx: &mut Tx, now: Timestamp, days: u32) -> Result<Period> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select s.time_zone, first::timestamp at time zone s.time_zone as "from!: SqlTimestamp",
          array(select to_char(first + n, 'YYYY-MM-DD') from generate_series(0, $3::int - 1) n) as "days!"
        from shops s, lateral (select ($2::timestamptz at time zone s.time_zone)::date - $3::int + 1 as first) begins
        where s.id = $1
        "#,
        shop.0,
        now.to_sqlx() as _,
        i32::try_from(days).map_err(anyhow::Error::from)?,
    )
    .fetch_optional(tx.sql())
    .await?
    .ok_or(Refusal::NotFound)?;
    Ok(Period {
        time_zone: row.time_zone,
        from: row.from.to_jiff(),
        until: now,
        days: row.days,
    })
}

/// Orders by the day on which they were placed.
pub(super) async fn orders(tx: &mut Tx, of: &Period) -> Result<Vec<Orders>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Orders,
        r#"
        select to_char(placed_at at time zone $4, 'YYYY-MM-DD') as day, count(*) as "orders!"
        from orders
        where shop_id = $1 and placed_at >= $2 and placed_at <= $3
        group by grouping sets ((1), ())
        "#,
        shop.0,
        of.from.to_sqlx() as _,
        of.until.to_sqlx() as _,
        of.time_zone,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows)
}

/// What was paid and what went back.
pub(super) async fn money(tx: &mut Tx, of: &Period) -> Result<Vec<Money>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Money,
        r#"
        select to_char(t.at at time zone $4, 'YYYY-MM-DD') as day,
          coalesce(sum(t.paid), 0)::bigint as "paid!", coalesce(sum(t.given_back), 0)::bigint as "given_back!",
          count(distinct t.order_id) filter (where t.paid > 0) as "paid_orders!",
          count(distinct o.customer_id) filter (where t.paid > 0) as "payers!",
          count(distinct t.order_id) filter (where t.given_back > 0) as "refunded_orders!"
        from takings t
        join orders o on o.shop_id = $1 and o.id = t.order_id
        where t.shop_id = $1 and t.at >= $2 and t.at <= $3
        group by grouping sets ((1), ())
        "#,
        shop.0,
        of.from.to_sqlx() as _,
        of.until.to_sqlx() as _,
        of.time_zone,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows)
}

/// Coupons by the day on which they were claimed, and by the day on which they were used.
pub(super) async fn coupons(tx: &mut Tx, of: &Period) -> Result<Vec<Coupons>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Coupons,
        r#"
        select to_char(at at time zone $4, 'YYYY-MM-DD') as day, coalesce(sum(claimed), 0)::bigint as "claimed!",
          coalesce(sum(used), 0)::bigint as "used!"
        from (
          select claimed_at as at, 1 as claimed, 0 as used
          from coupons
          where shop_id = $1 and claimed_at >= $2 and claimed_at <= $3
          union all
          select used_at, 0, 1
          from coupons
          where shop_id = $1 and used_at >= $2 and used_at <= $3 and state = 'used'
        ) moments
        group by grouping sets ((1), ())
        "#,
        shop.0,
        of.from.to_sqlx() as _,
        of.until.to_sqlx() as _,
        of.time_zone,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows)
}

/// How much of what is issued is claimed, and of what was claimed is used.
pub(super) async fn rates(tx: &mut Tx, of: &Period) -> Result<Rates> {
    let shop = tx.shop()?;
    let rates = sqlx::query_as!(
        Rates,
        r#"
        with claimed as (
          select template_id, count(*) filter (where state = 'used') as used
          from coupons
          where shop_id = $1 and claimed_at >= $2 and claimed_at <= $3
          group by template_id
        )
        select coalesce(sum(c.used), 0)::bigint as "claimed_and_used!", coalesce(sum(t.quantity), 0)::bigint as "quantity!",
          coalesce(sum((select count(*) from coupons w where w.shop_id = $1 and w.template_id = t.id)), 0)::bigint as "in_wallets!"
        from claimed c
        left join coupon_templates t on t.shop_id = $1 and t.id = c.template_id and t.quantity is not null
        "#,
        shop.0,
        of.from.to_sqlx() as _,
        of.until.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(rates)
}

/// How long customers waited, by the day on which they asked. A turn is the first message of one side after the other's: of a
/// customer's, the next turn is its answer.
pub(super) async fn answers(tx: &mut Tx, of: &Period) -> Result<Vec<Waits>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Waits,
        r#"
        with busy as (
          select id, person_a
          from conversations
          where shop_id = $1 and kind = 'shop' and active_at >= $2::timestamptz - interval '2 seconds'
          order by active_at desc
          limit 500
        ), turns as (
          select b.id, m.sent_at, m.asks, lag(m.asks) over before as asked
          from busy b, lateral (
            select m.number, m.sent_at, not m.as_shop as asks
            from messages m
            left join users u on u.id = m.sender_id
            where m.conversation_id = b.id and (m.sender_id = b.person_a or (m.as_shop and u.kind = 'merchant'))
            order by m.number desc
            limit 500
          ) m
          window before as (partition by b.id order by m.number)
        ), waits as (
          select sent_at as at, asks, lead(sent_at) over (partition by id order by sent_at) - sent_at as wait
          from turns
          where asks is distinct from asked
        )
        select to_char(at at time zone $4, 'YYYY-MM-DD') as day, count(*) as "answers!",
          coalesce(extract(epoch from percentile_disc(0.5) within group (order by wait)) * 1000, 0)::bigint as "half_ms!",
          coalesce(extract(epoch from percentile_disc(0.9) within group (order by wait)) * 1000, 0)::bigint as "slow_ms!"
        from waits
        where asks and wait is not null and at >= $2 and at <= $3
        group by grouping sets ((1), ())
        "#,
        shop.0,
        of.from.to_sqlx() as _,
        of.until.to_sqlx() as _,
        of.time_zone,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows)
}
