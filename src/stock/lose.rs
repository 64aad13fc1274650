//! Held units turn out not to be there (INV-04).

use jiff::Timestamp;

use super::{Units, adjust, adjust::Change, queries::Move, take::move_units};
use crate::{
    error::Result,
    id::{HolderId, UserId},
    store::Tx,
};

/// Units that the holder holds are not there: the promise is taken back and they are written off in one breath, so that nobody else can
/// buy them in between. Refuses with `conflict` if it does not hold as many.
pub async fn lose(
    tx: &mut Tx,
    holder: HolderId,
    units: Units,
    by: UserId,
    note: &str,
    now: Timestamp,
) -> Result<()> {
    move_units(tx, &Move::RELEASE, holder, &[units], Some(by), now).await?;
    let change = Change::WrittenOff(units.units.into());
    adjust::write(tx, by, units.variant_id, change, note, now).await?;
    Ok(())
}
