//! Endpoints.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use crate::{
    clock::millis,
    error::Result,
    id::{EndpointId, ShopId, UserId},
    store::Tx,
    webhook::{
        Endpoint,
        endpoint::{EndpointChange, NewEndpoint},
    },
};

struct Row {
    id: EndpointId,
    url: String,
    events: Vec<String>,
    bot_id: Option<UserId>,
    off_because: Option<String>,
    failing_since: Option<jiff_sqlx::Timestamp>,
    previous_until: Option<jiff_sqlx::Timestamp>,
    created_at: Timestamp,
}

impl From<Row> for Endpoint {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            url: row.url,
            events: row.events,
            bot_id: row.bot_id,
            on: row.off_because.is_none(),
            off_because: row.off_because,
            failing_since: row.failing_since.map_or(0, |at| millis(at.to_jiff())),
            previous_secret_until: row.previous_until.map_or(0, |at| millis(at.to_jiff())),
            created_at: millis(row.created_at),
        }
    }
}

/// Whoever changes a shop's endpoints comes one after the other: their number, and what the shop remembers, depend on
/// all of them.
pub(in crate::webhook) async fn lock_shop(tx: &mut Tx) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select id from shops where id = $1 for no key update",
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(())
}

/// What one of the shop's bots may do: a hook's voice, and one that is no more, nothing. `None`: the shop has no such bot.
pub(in crate::webhook) async fn scopes(tx: &mut Tx, bot: UserId) -> Result<Option<Vec<String>>> {
    let shop = tx.shop()?;
    let found = sqlx::query_scalar!(
        r#"
        select coalesce(s.scopes, '{}') as "scopes!"
        from bots b
        left join staff s on s.shop_id = b.shop_id and s.user_id = b.user_id
        where b.user_id = $1 and b.shop_id = $2
        "#,
        bot.0,
        shop.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found)
}

/// Adds an endpoint unless the shop has `most` already.
pub(in crate::webhook) async fn add(
    tx: &mut Tx,
    id: EndpointId,
    new: &NewEndpoint,
    secret: &str,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "insert into webhook_endpoints (id, shop_id, url, events, bot_id, secret, created_at)
         select $1, $2, $3, $4, $5, $6, $7
         where (select count(*) from webhook_endpoints where shop_id = $2) < $8",
        id.0,
        shop.0,
        new.url,
        &new.events,
        new.bot_id.map(|bot| bot.0),
        secret,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// All endpoints of the shop.
pub(in crate::webhook) async fn list(tx: &mut Tx) -> Result<Vec<Endpoint>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: EndpointId", url, events, bot_id as "bot_id: UserId", switched_off_because as off_because,
          failing_since as "failing_since: jiff_sqlx::Timestamp", previous_until as "previous_until: jiff_sqlx::Timestamp",
          created_at as "created_at: jiff_sqlx::Timestamp"
        from webhook_endpoints
        where shop_id = $1
        order by created_at, id
        "#,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(Endpoint::from).collect())
}

/// One endpoint of the shop.
pub(in crate::webhook) async fn one(tx: &mut Tx, id: EndpointId) -> Result<Option<Endpoint>> {
    let all = list(tx).await?;
    Ok(all.into_iter().find(|endpoint| endpoint.id == id))
}

/// Changes what is given. Switching on forgets the failures.
pub(in crate::webhook) async fn change(
    tx: &mut Tx,
    id: EndpointId,
    change: &EndpointChange,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update webhook_endpoints
         set
           url = coalesce($3, url),
           events = coalesce($4, events),
           failing_since = case when $5 then null else failing_since end,
           failures = case when $5 then 0 else failures end,
           switched_off_at = case when $5 then null when not $5 then coalesce(switched_off_at, $6) else switched_off_at end,
           switched_off_because = case when $5 then null when not $5 then coalesce(switched_off_because, 'by_staff') else switched_off_because end
         where id = $1 and shop_id = $2",
        id.0,
        shop.0,
        change.url.as_deref(),
        change.events.as_deref(),
        change.on as Option<bool>,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Removes an endpoint; its deliveries go with it.
pub(in crate::webhook) async fn remove(tx: &mut Tx, id: EndpointId) -> Result<bool> {
    let shop = tx.shop()?;
    let removed = sqlx::query!(
        "delete from webhook_endpoints where id = $1 and shop_id = $2",
        id.0,
        shop.0
    )
    .execute(tx.sql())
    .await?;
    Ok(removed.rows_affected() == 1)
}

/// Puts a new secret before the current one.
pub(in crate::webhook) async fn rotate(
    tx: &mut Tx,
    id: EndpointId,
    secret: &str,
    until: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update webhook_endpoints set previous_secret = secret, previous_until = $4, secret = $3 where id = $1 and shop_id = $2",
        id.0,
        shop.0,
        secret,
        until.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What is kept of an endpoint's secrets.
pub(in crate::webhook) struct Kept {
    pub id: EndpointId,
    pub secret: String,
    pub previous_secret: Option<String>,
}

/// Endpoints of all shops with a secret that does not begin with this mark.
pub(in crate::webhook) async fn sealed_otherwise(
    sql: impl PgExecutor<'_>,
    mark: &str,
) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as!(
        Kept,
        r#"
        select id as "id: EndpointId", secret, previous_secret
        from webhook_endpoints
        where not starts_with(secret, $1) or not starts_with(previous_secret, $1)
        "#,
        mark,
    )
    .fetch_all(sql)
    .await
}

/// Replaces an endpoint's secrets by the same ones under another seal, unless they have changed meanwhile.
pub(in crate::webhook) async fn reseal(
    sql: impl PgExecutor<'_>,
    was: &Kept,
    secret: &str,
    previous: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhook_endpoints set secret = $3, previous_secret = $4 where id = $1 and secret = $2",
        was.id.0,
        was.secret,
        secret,
        previous,
    )
    .execute(sql)
    .await
    .map(drop)
}

/// The shop remembers its messages as facts while some endpoint that is on wants to hear them.
pub(in crate::webhook) async fn remember_what_is_wanted(tx: &mut Tx) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update shops set remembers_messages = wants_messages(id) where id = $1 and remembers_messages <> wants_messages(id)",
        shop.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Endpoints of all shops that do nothing but fail since then.
pub(in crate::webhook) async fn failing_since(
    sql: impl PgExecutor<'_>,
    since: Timestamp,
    fewest: i32,
) -> Result<Vec<(ShopId, EndpointId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: EndpointId"
        from webhook_endpoints
        where failing_since <= $1 and failures >= $2 and switched_off_at is null
        "#,
        since.to_sqlx() as _,
        fewest,
    )
    .fetch_all(sql)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Switches off an endpoint that still does nothing but fail.
pub(in crate::webhook) async fn switch_off_failing(
    tx: &mut Tx,
    id: EndpointId,
    since: Timestamp,
    fewest: i32,
    now: Timestamp,
) -> Result<bool> {
    lock_shop(tx).await?;
    let shop = tx.shop()?;
    let switched = sqlx::query!(
        "update webhook_endpoints
         set switched_off_at = $5, switched_off_because = 'failing'
         where id = $1 and shop_id = $2 and failing_since <= $3 and failures >= $4 and switched_off_at is null",
        id.0,
        shop.0,
        since.to_sqlx() as _,
        fewest,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(switched.rows_affected() == 1)
}
