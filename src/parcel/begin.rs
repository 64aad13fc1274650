//! A package that has left becomes a parcel. That it left is a fact of the order's own transaction, so none is forgotten.

use proto::{CaseDeed, OrderDeed};

use super::queries;
use crate::{
    app::App,
    error::Result,
    fact::{Fact, Remembered},
    store::Tx,
};

/// Begins the parcels of the orders that these facts say were shipped, or whose goods were exchanged; those that have begun stay as they are.
pub async fn begin(app: &App, tx: &mut Tx, facts: &[Remembered]) -> Result<()> {
    let shipped = facts.iter().filter_map(|one| match one.fact {
        Fact::OrderMoved {
            order_id,
            deed: OrderDeed::Ship,
            ..
        }
        | Fact::CaseMoved {
            order_id,
            deed: CaseDeed::ShipExchange,
            ..
        } => Some((one.shop?, order_id)),
        _ => None,
    });
    let shipped: Vec<_> = shipped.collect();
    if shipped.is_empty() {
        return Ok(());
    }
    queries::begin(tx, &shipped, app.clock.now()).await
}
