//! An alert becomes one delivery for each browser of those who are to hear of it.

use super::queries;
use crate::{
    app::App,
    error::Result,
    fact::{Fact, Remembered},
    store::Tx,
};

/// Writes the deliveries of the alerts among these facts, in the transaction that marks them done: for whoever is entitled now and
/// wants the kind. Whether they are on the line is seen when it is delivered.
pub async fn fan_out(app: &App, tx: &mut Tx, facts: &[Remembered]) -> Result<()> {
    let raised = facts.iter().filter_map(|one| match one.fact {
        Fact::AlertRaised { alert_id } => Some(alert_id),
        _ => None,
    });
    let raised: Vec<_> = raised.collect();
    if raised.is_empty() {
        return Ok(());
    }
    queries::queue(tx, &raised, app.clock.now()).await
}
