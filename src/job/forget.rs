//! Forgetting what is over: codes, sessions, keys. Facts and deliveries are forgotten on schedules of their own (`schedule.rs`).

use crate::{account, app::App, code, error::Result, store::once};

/// Removes what nobody can use any more: codes, sessions, idempotency keys. Safe on several nodes at once.
pub async fn expired(app: &App) -> Result<()> {
    code::forget_expired(app).await?;
    account::forget_expired(app).await?;
    once::forget(app.store.pool(), app.clock.now()).await?;
    Ok(())
}
