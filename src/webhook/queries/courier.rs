//! From facts to deliveries, and a delivery's way to its endpoint.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    error::Result,
    fact::Remembered,
    id::{DeliveryId, EndpointId, ShopId, UserId},
    store::Tx,
    webhook::MESSAGE_POSTED,
};

/// One delivery for each fact and endpoint that wants it: at most one for ever, whoever fans out twice.
pub(in crate::webhook) async fn fan_out(
    tx: &mut Tx,
    facts: &[Remembered],
    now: Timestamp,
) -> Result<u64> {
    let places: Vec<_> = facts.iter().map(|one| one.fact.place()).collect();
    let written = sqlx::query!(
        "insert into webhook_deliveries (shop_id, endpoint_id, fact_id, kind, data, happened_at, due_at, created_at)
         select e.shop_id, e.id, f.id, f.kind, f.data, f.at, $8, $8
         from unnest($1::bigint[], $2::uuid[], $3::text[], $4::jsonb[], $5::timestamptz[], $6::uuid[], $7::bigint[])
           as f (id, shop_id, kind, data, at, conversation_id, number)
         join webhook_endpoints e on e.shop_id = f.shop_id and f.kind = any (e.events) and e.switched_off_at is null
         where e.bot_id is null or (
           (
             exists (
               select from memberships m
               where m.conversation_id = f.conversation_id and m.user_id = e.bot_id
                 and case
                   when f.number is null then m.left_number is null
                   else f.number >= m.joined_number and (m.left_number is null or f.number <= m.left_number)
                 end
             )
             or exists (
               select from conversations c
               join posts p on p.shop_id = c.shop_id and p.user_id = e.bot_id
               where c.id = f.conversation_id and c.kind = 'shop' and 'chat' = any (p.permissions)
             )
           )
           and not exists (
             select from messages m
             where f.kind = $9 and m.conversation_id = f.conversation_id and m.number = f.number and m.sender_id = e.bot_id
           )
         )
         for key share of e
         on conflict (endpoint_id, fact_id) do nothing",
        &facts.iter().map(|one| one.id).collect::<Vec<_>>(),
        &facts.iter().map(|one| one.shop.map(|shop| shop.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &facts.iter().map(|one| one.kind.clone()).collect::<Vec<_>>(),
        &facts.iter().map(|one| one.payload.clone()).collect::<Vec<_>>(),
        &facts.iter().map(|one| one.at.to_sqlx()).collect::<Vec<_>>() as _,
        &places.iter().map(|place| place.map(|place| place.0.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &places.iter().map(|place| place.and_then(|place| place.1)).collect::<Vec<_>>() as &[Option<i64>],
        now.to_sqlx() as _,
        MESSAGE_POSTED,
    )
    .execute(tx.sql())
    .await?;
    Ok(written.rows_affected())
}

/// A delivery that this node calls now.
#[derive(Clone, Debug)]
pub(in crate::webhook) struct Due {
    pub id: DeliveryId,
    pub shop: ShopId,
    pub endpoint: EndpointId,
    pub kind: String,
    pub data: Value,
    pub happened_at: Timestamp,
    pub attempt: i32,
    pub failures: i32,
    pub url: String,
    pub bot: Option<UserId>,
    pub secret: String,
    pub previous_secret: Option<String>,
}

/// Leases up to `limit` deliveries that are due, and writes down that an attempt at each has begun.
///
/// Visits each endpoint that something waits for once, however much waits for it. Those that hear come before those
/// that fail; one that hears is called twice at a time, one that fails once. Two nodes that look in the same instant may
/// call one endpoint a little more often: that is about fairness, while a delivery is leased by one of them only.
pub(in crate::webhook) async fn take(
    sql: impl PgExecutor<'_>,
    limit: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Due>> {
    let due = sqlx::query_as!(
        Due,
        r#"
        with ready as (
          select e.id, e.failing_since,
            case when e.failing_since is null then 2 else 1 end - (
              select count(*)
              from webhook_deliveries d
              where d.endpoint_id = e.id and d.state = 'waiting' and d.leased_until > $1
            ) as seats
          from webhook_endpoints_waited_for w
          join webhook_endpoints e on e.id = w.endpoint_id
          where e.switched_off_at is null
        ),
        picked as (
          select d.id
          from ready r
          cross join lateral (
            select id, due_at
            from webhook_deliveries
            where endpoint_id = r.id and state = 'waiting' and due_at <= $1 and (leased_until is null or leased_until <= $1)
            order by due_at
            limit greatest(r.seats, 0)
            for update skip locked
          ) d
          order by r.failing_since is not null, d.due_at
          limit $3
        ),
        leased as (
          update webhook_deliveries d
          set attempt = attempt + 1, leased_until = $2
          from picked p
          where d.id = p.id
          returning d.*
        ),
        begun as (
          insert into webhook_attempts (delivery_id, attempt, at)
          select id, attempt, $1 from leased
        )
        select l.id as "id: DeliveryId", l.shop_id as "shop: ShopId", l.endpoint_id as "endpoint: EndpointId", l.kind, l.data,
          l.happened_at as "happened_at: jiff_sqlx::Timestamp", l.attempt, l.failures, e.url, e.bot_id as "bot: UserId", e.secret,
          case when e.previous_until > $1 then e.previous_secret end as previous_secret
        from leased l
        join webhook_endpoints e on e.id = l.endpoint_id
        "#,
        now.to_sqlx() as _,
        until.to_sqlx() as _,
        limit,
    )
    .fetch_all(sql)
    .await?;
    Ok(due)
}

/// How an attempt went.
#[derive(Clone, Debug)]
pub(in crate::webhook) struct Record {
    pub status: Option<i16>,
    pub error: Option<String>,
    pub duration_ms: i32,
}

/// Locks the endpoint before its delivery, and where it may be switched off the shop before it: the order in which
/// staff's changes lock.
pub(in crate::webhook) async fn lock(tx: &mut Tx, id: EndpointId, shop_too: bool) -> Result<()> {
    let shop = tx.shop()?;
    if shop_too {
        super::lock_shop(tx).await?;
    }
    sqlx::query!(
        "select id from webhook_endpoints where id = $1 and shop_id = $2 for no key update",
        id.0,
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(())
}

/// Writes down how an attempt went, even if another has begun since.
pub(in crate::webhook) async fn record(tx: &mut Tx, due: &Due, record: &Record) -> Result<()> {
    sqlx::query!(
        "update webhook_attempts set status = $3, error = $4, duration_ms = $5 where delivery_id = $1 and attempt = $2",
        due.id.0,
        due.attempt,
        record.status,
        record.error,
        record.duration_ms,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What becomes of the delivery and its endpoint: heard, tried again at `again`, or given up. Only the newest attempt
/// decides; says whether this was it.
pub(in crate::webhook) async fn settle(
    tx: &mut Tx,
    due: &Due,
    heard: bool,
    again: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let settled = sqlx::query!(
        "update webhook_deliveries
         set
           state = case when $4 then 'delivered' when $5::timestamptz is null then 'failed' else 'waiting' end,
           due_at = coalesce($5, due_at),
           failures = failures + case when $4 then 0 else 1 end,
           leased_until = null
         where id = $1 and shop_id = $2 and attempt = $3 and state = 'waiting'",
        due.id.0,
        shop.0,
        due.attempt,
        heard,
        again.map(Timestamp::to_sqlx) as _,
    )
    .execute(tx.sql())
    .await?;
    if settled.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "update webhook_endpoints
         set
           failing_since = case when $3 then null else coalesce(failing_since, $4) end,
           failures = case when $3 then 0 else failures + 1 end
         where id = $1 and shop_id = $2 and not ($3 and failing_since is null)",
        due.endpoint.0,
        shop.0,
        heard,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(true)
}

/// The endpoint wants no more calls. Says whether it was on.
pub(in crate::webhook) async fn switch_off_gone(
    tx: &mut Tx,
    endpoint: EndpointId,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let switched = sqlx::query!(
        "update webhook_endpoints
         set switched_off_at = $3, switched_off_because = 'gone'
         where id = $1 and shop_id = $2 and switched_off_at is null",
        endpoint.0,
        shop.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(switched.rows_affected() == 1)
}
