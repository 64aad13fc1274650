//! A fact becomes one delivery for each endpoint that wants it.

use super::queries;
use crate::{app::App, error::Result, fact::Remembered, store::Tx};

/// Writes the deliveries of these facts, in the transaction that marks them done. An endpoint that is bound to a bot
/// gets what the bot may hear and did not say itself; one that is switched off gets nothing.
pub async fn fan_out(app: &App, tx: &mut Tx, facts: &[Remembered]) -> Result<()> {
    queries::fan_out(tx, facts, app.clock.now()).await?;
    Ok(())
}
