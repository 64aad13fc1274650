//! How much there is of what a shop sells, and to whom it is promised.
//!
//! Units lie on hand; some of them are held for holders (an order, an exchange), the rest can be sold. Four verbs move them, inside
//! the unit of work of whoever calls: [`hold`](hold::hold) promises, [`release`](release::release) takes the promise back,
//! [`take`](take::take) lets held units leave the house, [`put_back`](take::put_back) brings taken ones home. Each is one
//! statement that decides under the levels' locks, taken in the order of ids, and writes the journal as well: nothing is
//! read first and written later, and every level can be recomputed ([`books`]).
//!
//! It knows no product and no order: a variant and a holder are ids here.

pub mod adjust;
pub mod books;
pub mod hold;
pub mod journal;
pub mod lose;
pub mod open;
mod queries;
pub mod release;
pub mod take;
pub mod watch;

use std::collections::BTreeMap;

use jiff::Timestamp;
use proto::{AlertKind, Permission, Refusal};
use serde::Serialize;

pub use crate::fact::Units;
use crate::{
    alert::{self, NewAlert},
    error::{Result, refused_argument, refused_because},
    fact::Fact,
    id::VariantId,
    store::Tx,
};

/// Units of one variant that a shop has at most.
pub const MOST: i64 = 1_000_000_000;
/// Units of one variant that one holder asks for at most, and variants at once.
const AT_ONCE: u32 = 1_000_000;
const VARIANTS_AT_ONCE: usize = 500;

/// How much there is of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Level {
    /// Of what.
    pub variant_id: VariantId,
    /// Units in the shop's hands.
    pub on_hand: i64,
    /// Units of these that are promised.
    pub held: i64,
    /// Units that can be sold: on hand and not promised.
    pub available: i64,
    /// Staff are alerted when fewer can be sold; null: never.
    pub alert_below: Option<i64>,
}

/// What a statement has left of a variant.
struct Left {
    variant: VariantId,
    available: i64,
    /// It is less than staff wanted, since this moment.
    low: bool,
}

/// How much there is of a variant now; others may move it before this work does. Refuses with `not_found`.
pub async fn level(tx: &mut Tx, variant: VariantId) -> Result<Level> {
    Ok(queries::level(tx, variant)
        .await?
        .ok_or(Refusal::NotFound)?)
}

/// The demand for each variant, in the order of ids, in which levels are locked. Refuses with `invalid_argument` what is nothing
/// or absurd.
fn together(wanted: &[Units]) -> Result<BTreeMap<VariantId, u32>> {
    let mut together = BTreeMap::new();
    for one in wanted {
        let sum: &mut u32 = together.entry(one.variant_id).or_default();
        *sum = sum.saturating_add(one.units);
        if one.units == 0 || *sum > AT_ONCE {
            return Err(refused_argument(
                "units",
                &format!("is 1 to {AT_ONCE} for each variant"),
            ));
        }
    }
    if together.is_empty() || together.len() > VARIANTS_AT_ONCE {
        return Err(refused_argument(
            "units",
            &format!("has 1 to {VARIANTS_AT_ONCE} variants"),
        ));
    }
    Ok(together)
}

/// Alerts staff to what has just become low (INV-03).
async fn tell_low(tx: &mut Tx, left: &[Left], now: Timestamp) -> Result<()> {
    let low: Vec<&Left> = left.iter().filter(|left| left.low).collect();
    if low.is_empty() {
        return Ok(());
    }
    let variants: Vec<VariantId> = low.iter().map(|low| low.variant).collect();
    let names = queries::names(tx, &variants).await?;
    for low in &low {
        let name = names.get(&low.variant).map_or("", String::as_str);
        let text = format!("{name}: {}", low.available);
        let alert = NewAlert::new(AlertKind::StockLow, Permission::ManageProducts, text);
        alert::raise(tx, alert, now).await?;
    }
    let facts = low.iter().map(|low| Fact::StockLow {
        variant_id: low.variant,
        available: low.available,
    });
    tx.remember_all(&facts.collect::<Vec<_>>(), now).await
}

/// Why units of the first variant that is missing in `left` cannot be had: `not_found`, or `out_of_stock` with its id as the field.
async fn shortage(tx: &mut Tx, wanted: &BTreeMap<VariantId, u32>, left: &[Left]) -> Result<()> {
    let had = |variant: &VariantId| left.iter().any(|left| left.variant == *variant);
    let Some(short) = wanted.keys().find(|variant| !had(variant)) else {
        return Ok(());
    };
    let level = queries::level(tx, *short).await?.ok_or(Refusal::NotFound)?;
    let names = queries::names(tx, &[*short]).await?;
    let name = names.get(short).map_or("", String::as_str);
    let sentence = match level.available {
        0 => format!("{name} is sold out."),
        some => format!("Only {some} of {name} can be had."),
    };
    Err(refused_because(Refusal::OutOfStock, short, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// INV-01: two lines of one variant are one demand.
    #[test]
    fn demand_is_summed_for_each_variant() {
        let (first, second) = (VariantId::new(), VariantId::new());
        let units = |variant_id, units| Units { variant_id, units };
        let wanted = [units(second, 1), units(first, 2), units(second, 3)];
        let summed: Vec<_> = together(&wanted).unwrap().into_iter().collect();
        assert_eq!(summed, [(first, 2), (second, 4)]);
        assert!(together(&[]).is_err() && together(&[units(first, 0)]).is_err());
        assert!(together(&[units(first, AT_ONCE), units(first, u32::MAX)]).is_err());
    }
}
