//! Forgetting what is over: codes, sessions, keys, invitations to the staff, counts of former days. Facts and deliveries are forgotten on schedules of their own (`schedule.rs`).

use crate::{account, app::App, campaign, code, error::Result, staff, store::once};

/// Removes what nobody can use any more: codes, sessions, invitations, counts of former days, idempotency keys. Safe on several nodes at once.
pub async fn expired(app: &App) -> Result<()> {
    code::forget_expired(app).await?;
    account::forget_expired(app).await?;
    staff::invite::forget_expired(app).await?;
    campaign::forget::days(app).await?;
    once::forget(app.store.pool(), app.clock.now()).await?;
    Ok(())
}
