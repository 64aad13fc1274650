//! Goods arrive, spoil, or are counted.

use jiff::Timestamp;
use serde_json::json;

use super::{Level, MOST, queries, tell_low};
use crate::{
    audit::{self, Deed},
    error::{Error, Refusal, Result, refused_argument},
    id::{UserId, VariantId},
    store::Tx,
    words,
};

/// What has become of the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// So many more.
    Received(i64),
    /// So many fewer.
    WrittenOff(i64),
    /// There are so many, promised ones included.
    Counted(i64),
}

impl Change {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Received(_) => "received",
            Self::WrittenOff(_) => "written_off",
            Self::Counted(_) => "counted",
        }
    }

    pub(super) fn units(self) -> i64 {
        let (Self::Received(units) | Self::WrittenOff(units) | Self::Counted(units)) = self;
        units
    }

    fn action(self) -> &'static str {
        match self {
            Self::Received(_) => "stock.received",
            Self::WrittenOff(_) => "stock.written_off",
            Self::Counted(_) => "stock.counted",
        }
    }

    fn check(self) -> Result<()> {
        let least = i64::from(!matches!(self, Self::Counted(_)));
        if (least..=MOST).contains(&self.units()) {
            Ok(())
        } else {
            Err(refused_argument("units", &format!("is {least} to {MOST}")))
        }
    }
}

/// Changes what is on hand, in the unit of work of a caller who has settled that `by` may. Recorded.
///
/// Refuses with `stock_promised` what would leave less than is promised, with `not_found`, with `invalid_argument` numbers out of bounds
/// and a note of more than 500 characters.
pub async fn write(
    tx: &mut Tx,
    by: UserId,
    variant: VariantId,
    change: Change,
    note: &str,
    now: Timestamp,
) -> Result<Level> {
    change.check()?;
    words::text("note", note, 0..=500)?;
    let Some(adjusted) = queries::adjust(tx, variant, change, note, by, now).await? else {
        return Err(why_not(tx, variant, change).await?);
    };
    tell_low(tx, &[adjusted.left], now).await?;
    let deed = Deed::new(by, change.action(), variant)
        .before(json!({ "on_hand": adjusted.before }))
        .after(json!({ "on_hand": adjusted.level.on_hand, "note": note }));
    audit::record(tx, deed, now).await?;
    Ok(adjusted.level)
}

async fn why_not(tx: &mut Tx, variant: VariantId, change: Change) -> Result<Error> {
    Ok(match (queries::level(tx, variant).await?, change) {
        (None, _) => Refusal::NotFound.into(),
        (Some(_), Change::Received(_)) => {
            refused_argument("units", &format!("would make more than {MOST}"))
        }
        (Some(_), _) => Refusal::StockPromised.into(),
    })
}
