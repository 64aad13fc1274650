//! Let held units leave the house, and bring them home again.

use jiff::Timestamp;

use super::{Units, queries, queries::Move, release::tell_returned, together};
use crate::{
    error::{Refusal, Result},
    id::{HolderId, UserId},
    store::Tx,
};

/// Units that the holder holds leave: they are shipped or handed over. Refuses with `conflict` if it does not hold as many.
pub async fn take(
    tx: &mut Tx,
    holder: HolderId,
    units: &[Units],
    by: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    move_units(tx, &Move::TAKE, holder, units, by, now).await
}

/// Units that the holder took came back and can be sold again. Refuses with `conflict` if it has not as many out: they were put
/// back before.
pub async fn put_back(
    tx: &mut Tx,
    holder: HolderId,
    units: &[Units],
    by: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    move_units(tx, &Move::PUT_BACK, holder, units, by, now).await?;
    tell_returned(tx, holder, units, now).await
}

/// All of them, or a refusal.
pub(super) async fn move_units(
    tx: &mut Tx,
    how: &Move,
    holder: HolderId,
    units: &[Units],
    by: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    let wanted = together(units)?;
    let moved = queries::move_units(tx, how, holder, &wanted, by, now).await?;
    if moved == wanted.len() {
        Ok(())
    } else {
        Err(Refusal::Conflict.into())
    }
}
