//! Forgetting what is over: codes, their texts, allowances, guesses.

use jiff::SignedDuration;

use super::queries::forget as queries;
use crate::{app::App, error::Result};

/// Removes what nobody can use any more; the schedule runs it (`job/forget.rs`). Safe on several nodes at once.
pub async fn forget_expired(app: &App) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    queries::codes(pool, now).await?;
    queries::texts(pool, now).await?;
    queries::allowances(pool, now).await?;
    queries::attempts(pool, now - SignedDuration::from_hours(24)).await?;
    Ok(())
}
