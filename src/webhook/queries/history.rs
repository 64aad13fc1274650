//! Deliveries and attempts, as staff see them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use crate::{
    clock::millis,
    error::Result,
    id::{DeliveryId, EndpointId},
    sign,
    store::Tx,
    webhook::{Attempt, Delivery, DeliveryState, TEST},
};

/// What a delivery is sorted by.
type Key = (Timestamp, DeliveryId);

struct Row {
    id: DeliveryId,
    event: String,
    state: String,
    attempts: i32,
    happened_at: Timestamp,
    due_at: Timestamp,
    created_at: Timestamp,
}

impl From<Row> for (Key, Delivery) {
    fn from(row: Row) -> Self {
        let state = state(&row.state);
        let delivery = Delivery {
            id: row.id,
            webhook_id: sign::webhook_id(row.id.0),
            event: row.event,
            state,
            attempts: row.attempts,
            happened_at: millis(row.happened_at),
            due_at: if state == DeliveryState::Waiting {
                millis(row.due_at)
            } else {
                0
            },
        };
        ((row.created_at, row.id), delivery)
    }
}

fn state(word: &str) -> DeliveryState {
    match word {
        "waiting" => DeliveryState::Waiting,
        "delivered" => DeliveryState::Delivered,
        _ => DeliveryState::Failed,
    }
}

fn word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
    }
}

/// Deliveries of an endpoint, newest first, below a key.
pub(in crate::webhook) async fn deliveries(
    tx: &mut Tx,
    endpoint: EndpointId,
    state: Option<DeliveryState>,
    before: Option<Key>,
    limit: i64,
) -> Result<Vec<(Key, Delivery)>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: DeliveryId", kind as event, state, attempt as attempts,
          happened_at as "happened_at: jiff_sqlx::Timestamp", due_at as "due_at: jiff_sqlx::Timestamp",
          created_at as "created_at: jiff_sqlx::Timestamp"
        from webhook_deliveries
        where shop_id = $1 and endpoint_id = $2
          and ($3::text is null or state = $3)
          and ($4::timestamptz is null or (created_at, id) < ($4, $5))
        order by created_at desc, id desc
        limit $6
        "#,
        shop.0,
        endpoint.0,
        state.map(word),
        before.map(|key| key.0.to_sqlx()) as _,
        before.map(|key| key.1.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One delivery.
pub(in crate::webhook) async fn delivery(
    tx: &mut Tx,
    endpoint: EndpointId,
    id: DeliveryId,
) -> Result<Option<Delivery>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        Row,
        r#"
        select id as "id: DeliveryId", kind as event, state, attempt as attempts,
          happened_at as "happened_at: jiff_sqlx::Timestamp", due_at as "due_at: jiff_sqlx::Timestamp",
          created_at as "created_at: jiff_sqlx::Timestamp"
        from webhook_deliveries
        where shop_id = $1 and endpoint_id = $2 and id = $3
        "#,
        shop.0,
        endpoint.0,
        id.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| <(Key, Delivery)>::from(row).1))
}

/// Every call of a delivery of this shop.
pub(in crate::webhook) async fn attempts(tx: &mut Tx, id: DeliveryId) -> Result<Vec<Attempt>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select a.attempt, a.at as "at: jiff_sqlx::Timestamp", a.status, a.error, a.duration_ms
        from webhook_attempts a
        join webhook_deliveries d on d.id = a.delivery_id
        where d.id = $1 and d.shop_id = $2
        order by a.attempt
        "#,
        id.0,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let attempts = rows.into_iter().map(|row| Attempt {
        attempt: row.attempt,
        at: millis(row.at.to_jiff()),
        status: row.status,
        error: row.error,
        duration_ms: row.duration_ms,
    });
    Ok(attempts.collect())
}

/// Due at once, as if it had never failed; not while an attempt is under way.
pub(in crate::webhook) async fn replay(
    tx: &mut Tx,
    endpoint: EndpointId,
    id: DeliveryId,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let replayed = sqlx::query!(
        "update webhook_deliveries
         set state = 'waiting', due_at = $4, failures = 0, leased_until = null
         where shop_id = $1 and endpoint_id = $2 and id = $3 and (leased_until is null or leased_until <= $4)",
        shop.0,
        endpoint.0,
        id.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(replayed.rows_affected() == 1)
}

/// Adds a test unless `most` of them wait already.
pub(in crate::webhook) async fn add_test(
    tx: &mut Tx,
    endpoint: EndpointId,
    id: DeliveryId,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "insert into webhook_deliveries (id, shop_id, endpoint_id, kind, data, happened_at, due_at, created_at)
         select $1, $2, $3, $4, '{}', $5, $5, $5
         where (
           select count(*) from webhook_deliveries where endpoint_id = $3 and state = 'waiting' and kind = $4
         ) < $6",
        id.0,
        shop.0,
        endpoint.0,
        TEST,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Forgets up to 5,000 deliveries that are older; says how many.
pub(in crate::webhook) async fn forget(sql: impl PgExecutor<'_>, before: Timestamp) -> Result<u64> {
    let forgotten = sqlx::query!(
        "delete from webhook_deliveries
         where id in (select id from webhook_deliveries where created_at < $1 order by created_at limit 5000)",
        before.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(forgotten.rows_affected())
}
