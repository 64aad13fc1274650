//! Forgetting what no rule asks for any more.

use jiff::SignedDuration;

use super::queries;
use crate::{app::App, error::Result};

/// A day is over everywhere when two have passed by the server's.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// Forgets how many messages each customer got on days that are over. Safe on several nodes at once.
pub async fn days(app: &App) -> Result<()> {
    let before = app.clock.now() - KEPT;
    while queries::forget_days(app.store.pool(), before).await? > 0 {}
    Ok(())
}
