//! Make room for a new variant.

use jiff::Timestamp;

use super::{MOST, queries};
use crate::{
    error::{Result, refused_argument},
    id::{UserId, VariantId},
    store::Tx,
};

/// What a new variant begins with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening {
    /// Units on hand, 0 to 1,000,000,000.
    pub on_hand: i64,
    /// Alert staff when fewer can be sold, 1 and up.
    pub alert_below: Option<i64>,
}

impl Opening {
    /// Refuses numbers out of bounds with `invalid_argument`.
    pub fn check(self) -> Result<()> {
        if !(0..=MOST).contains(&self.on_hand) {
            return Err(refused_argument("stock", &format!("is 0 to {MOST}")));
        }
        check_alert(self.alert_below)
    }
}

/// Refuses a number that is not 1 to 1,000,000,000 with `invalid_argument`.
pub(super) fn check_alert(below: Option<i64>) -> Result<()> {
    if below.is_some_and(|below| !(1..=MOST).contains(&below)) {
        return Err(refused_argument("alert_below", &format!("is 1 to {MOST}")));
    }
    Ok(())
}

/// Levels for new variants of the shop; what they begin with is received by `by`.
pub async fn open(
    tx: &mut Tx,
    variants: &[(VariantId, Opening)],
    by: UserId,
    now: Timestamp,
) -> Result<()> {
    for (_, opening) in variants {
        opening.check()?;
    }
    queries::open(tx, variants, by, now).await
}
