//! Order numbers: `WS`, the day in the shop's time zone, and the day's running number of at least three digits (ORD-02).

use jiff::Timestamp;

use super::queries;
use crate::{error::Result, store::Tx};

/// The next one. Numbers have no gaps: who takes the next waits until this work has committed or gone. So whoever places an order takes
/// its number when all that does not need it is done. Under its lock, too, the customer's unpaid orders are counted: of two at once the second
/// counts the first.
pub(super) async fn next(tx: &mut Tx, now: Timestamp) -> Result<String> {
    let (day, running) = queries::next_number(tx, now).await?;
    Ok(format!("WS{day}{running:03}"))
}
