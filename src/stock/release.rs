//! Take a promise back.

use jiff::Timestamp;

use super::{Units, queries, queries::Move, take::move_units};
use crate::{
    error::Result,
    fact::Fact,
    id::{HolderId, UserId},
    store::Tx,
};

/// Units that the holder holds can be sold again. Refuses with `conflict` if it does not hold as many: it was done before.
pub async fn release(
    tx: &mut Tx,
    holder: HolderId,
    units: &[Units],
    by: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    move_units(tx, &Move::RELEASE, holder, units, by, now).await?;
    tell_returned(tx, holder, units, now).await
}

/// Everything that the holder still holds can be sold again: an order is cancelled. Nothing held: nothing happens. Gives what
/// was released.
pub async fn release_all(
    tx: &mut Tx,
    holder: HolderId,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<Vec<Units>> {
    let held = queries::held(tx, holder).await?;
    if !held.is_empty() {
        release(tx, holder, &held, by, now).await?;
    }
    Ok(held)
}

/// What the holder holds.
pub async fn held(tx: &mut Tx, holder: HolderId) -> Result<Vec<Units>> {
    queries::held(tx, holder).await
}

/// Other systems that count hear of it (INV-02).
pub(super) async fn tell_returned(
    tx: &mut Tx,
    holder: HolderId,
    units: &[Units],
    now: Timestamp,
) -> Result<()> {
    let fact = Fact::StockReturned {
        holder_id: holder,
        units: units.to_vec(),
    };
    tx.remember(&fact, now).await
}
