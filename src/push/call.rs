//! Calls customers who are not on the line back to conversations in which something waits for them.

use super::{NEWS, queries};
use crate::{app::App, error::Result};

/// Browsers that one round calls at most.
const ROUND: i64 = 500;

/// Queues one call for each browser and conversation in which somebody else said something since the customer read there last. Where one waits, or
/// was brought and not followed yet, there is no other. Whether they are on the line is seen when it is delivered.
pub async fn customers(app: &App) -> Result<()> {
    let now = app.clock.now();
    while queries::call(app.store.pool(), (now, now - NEWS), ROUND).await? == ROUND.unsigned_abs() {
    }
    Ok(())
}
