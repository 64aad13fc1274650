//! Forgetting what is over: tickets, sessions' spent tokens, rechecks.

use std::time::Duration;

use jiff::SignedDuration;

use super::queries::forget as queries;
use crate::{app::App, error::Result};

/// Every node has made a recheck after this: it is far longer than a sweep may be late.
const RECHECKS: Duration = Duration::from_hours(24);

/// Removes what nobody can use any more; the schedule runs it (`job/forget.rs`). Safe on several nodes at once.
///
/// A session itself stays for 30 days after its end, so that its owner hears `session_revoked`.
pub async fn forget_expired(app: &App) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    queries::tickets(pool, now).await?;
    queries::sessions(pool, now - SignedDuration::from_hours(24 * 30)).await?;
    queries::rechecks(pool, RECHECKS.as_secs_f64()).await?;
    Ok(())
}
