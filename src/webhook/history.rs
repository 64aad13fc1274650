//! What was sent, how every attempt went, and sending it again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{Attempt, Delivery, DeliveryPage, DeliveryState, queries};
use crate::{
    actor::{ManageBots, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_until},
    id::{DeliveryId, EndpointId},
    rights,
    store::page,
};

/// Deliveries are kept for so long, whatever became of them.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Tests of one endpoint that may wait at once.
const TESTS: i64 = 5;

/// Which deliveries.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Deliveries {
    /// Only those that have come this far.
    pub state: Option<DeliveryState>,
    /// From the last page.
    pub cursor: String,
    /// 1 to 100; 0 means 50.
    pub limit: u32,
}

/// A page of an endpoint's deliveries, newest first. Refuses with `not_found`, `invalid_argument`.
pub async fn deliveries(
    app: &App,
    staff: &Staff<ManageBots>,
    endpoint: EndpointId,
    asked: &Deliveries,
) -> Result<DeliveryPage> {
    let limit = page::limit(asked.limit, 50, 100)?;
    let before: Option<(Timestamp, DeliveryId)> = page::after(&asked.cursor)?;
    let mut tx = app.store.begin(staff.shop).await?;
    queries::one(&mut tx, endpoint)
        .await?
        .ok_or(Refusal::NotFound)?;
    let mut found = queries::deliveries(&mut tx, endpoint, asked.state, before, limit + 1).await?;
    let next_cursor = page::next(&mut found, limit, |(key, _)| *key);
    Ok(DeliveryPage {
        next_cursor,
        deliveries: found.into_iter().map(|(_, delivery)| delivery).collect(),
    })
}

/// Every call of a delivery, in order. Refuses with `not_found`.
pub async fn attempts(
    app: &App,
    staff: &Staff<ManageBots>,
    endpoint: EndpointId,
    delivery: DeliveryId,
) -> Result<Vec<Attempt>> {
    let mut tx = app.store.begin(staff.shop).await?;
    queries::delivery(&mut tx, endpoint, delivery)
        .await?
        .ok_or(Refusal::NotFound)?;
    queries::attempts(&mut tx, delivery).await
}

/// Sends a delivery again, at once and under the same `webhook-id`, with all attempts before it as good as forgotten.
///
/// Refuses with `not_found`, and with `conflict` while an attempt is under way.
pub async fn replay(
    app: &App,
    staff: &Staff<ManageBots>,
    endpoint: EndpointId,
    delivery: DeliveryId,
) -> Result<Delivery> {
    let mut tx = app.store.begin(staff.shop).await?;
    rights::rely(&mut tx, staff).await?;
    let replayed = queries::replay(&mut tx, endpoint, delivery, app.clock.now()).await?;
    let found = queries::delivery(&mut tx, endpoint, delivery)
        .await?
        .ok_or(Refusal::NotFound)?;
    if !replayed {
        return Err(Refusal::Conflict.into());
    }
    let deed = Deed::new(staff.actor.user, "webhook.delivery_replayed", endpoint)
        .after(json!({ "delivery_id": delivery }));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(found)
}

/// Sends a `test` event to an endpoint, whatever it wants to hear.
///
/// Refuses with `not_found`, `conflict` when it is switched off, `rate_limited` when some tests are waiting already.
pub async fn test(app: &App, staff: &Staff<ManageBots>, endpoint: EndpointId) -> Result<Delivery> {
    let mut tx = app.store.begin(staff.shop).await?;
    rights::rely(&mut tx, staff).await?;
    let known = queries::one(&mut tx, endpoint)
        .await?
        .ok_or(Refusal::NotFound)?;
    if !known.on {
        return Err(Refusal::Conflict.into());
    }
    let (id, now) = (DeliveryId::new(), app.clock.now());
    if !queries::add_test(&mut tx, endpoint, id, TESTS, now).await? {
        return Err(refused_until(Refusal::RateLimited, Duration::from_secs(10)));
    }
    let delivery = queries::delivery(&mut tx, endpoint, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let deed =
        Deed::new(staff.actor.user, "webhook.tested", endpoint).after(json!({ "delivery_id": id }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(delivery)
}

/// Forgets deliveries after a month, with their attempts.
pub async fn forget(app: &App) -> Result<()> {
    let before = app.clock.now() - KEPT;
    while queries::forget(app.store.pool(), before).await? > 0 {}
    Ok(())
}
