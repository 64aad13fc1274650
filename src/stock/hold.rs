//! Promise units to somebody.

use jiff::Timestamp;

use super::{Units, queries, shortage, tell_low, together};
use crate::{
    error::Result,
    id::{HolderId, UserId},
    store::Tx,
};

/// Holds all these units for the holder, on top of what it holds already, or refuses: with `out_of_stock` (the field is the
/// variant's id, the sentence names it), with `not_found` a variant that the shop does not have, with `invalid_argument` absurd
/// numbers. After a refusal the unit of work is to be dropped: what there was enough of is held in it.
pub async fn hold(
    tx: &mut Tx,
    holder: HolderId,
    wanted: &[Units],
    by: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    let wanted = together(wanted)?;
    let left = queries::hold(tx, holder, &wanted, by, now).await?;
    shortage(tx, &wanted, &left).await?;
    tell_low(tx, &left, now).await
}
