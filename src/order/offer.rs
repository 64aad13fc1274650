//! Something similar in the place of what is not there (INV-04): what it may cost, and which lines it makes.

use serde::{Deserialize, Serialize};

use super::{Line, LineUnits, Order};
use crate::{
    error::{Refusal, Result},
    id::{ProductId, VariantId},
    money::Money,
};

/// Something similar for all units that are not there, as it cost when it was offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Offer {
    /// What.
    pub variant_id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// The product's title.
    pub title: String,
    /// What the variant says.
    pub choice: Vec<String>,
    /// One piece before any reduction, in minor units.
    pub list_price: Money,
    /// One piece, in minor units.
    pub price: Money,
    /// All units together, in minor units.
    pub total: Money,
}

impl Order {
    /// What the last so many units of a line cost: the first ones keep what they cost.
    pub(crate) fn cost_of_last(&self, part: LineUnits) -> Result<Money> {
        let line = self.lines.iter().find(|line| line.line == part.line);
        let line = line.ok_or(Refusal::Conflict)?;
        Ok(line.total.minus(line.cost_without(part.units))?)
    }

    /// Puts an offer in the place of the last units of a line: in the line itself if it is about all of them, else as a line of its own.
    /// Gives the lines that are different, and how much less it costs. The share of the order's discount stays with the units: nothing that
    /// costs less than that comes in their place.
    pub(super) fn swap(&mut self, part: LineUnits, offer: &Offer) -> Result<(Vec<i16>, Money)> {
        let (less, share) = (
            self.cost_of_last(part)?.minus(offer.total)?,
            self.find_short(part)?.share_of_last(part.units)?,
        );
        if less < Money::ZERO || offer.total < share {
            return Err(Refusal::Conflict.into());
        }
        let next = self
            .lines
            .iter()
            .map(|line| line.line)
            .max()
            .unwrap_or_default()
            + 1;
        let line = self.find_short(part)?;
        line.no_more_short(part);
        if line.units == part.units.cast_signed() {
            let number = line.line;
            *line = offer.line((number, share), line.units, line);
            return Ok((vec![number], less));
        }
        line.total = line.cost_without(part.units);
        line.discount = line.discount.minus(share)?;
        line.units -= part.units.cast_signed();
        let (number, other) = (
            line.line,
            offer.line((next, share), part.units.cast_signed(), line),
        );
        self.lines.push(other);
        Ok((vec![number, next], less))
    }
}

impl Line {
    /// What the last so many units bear of the order's discount.
    fn share_of_last(&self, units: u32) -> Result<Money> {
        let all = self.units.unsigned_abs();
        let first = self.discount.first_units(all.saturating_sub(units), all);
        Ok(self.discount.minus(first)?)
    }

    fn cost_without(&self, units: u32) -> Money {
        let all = self.units.unsigned_abs();
        self.total.first_units(all.saturating_sub(units), all)
    }
}

impl Offer {
    fn line(&self, (line, discount): (i16, Money), units: i32, instead_of: &Line) -> Line {
        Line {
            line,
            product_id: self.product_id,
            variant_id: self.variant_id,
            bundle_id: None,
            title: self.title.clone(),
            choice: self.choice.clone(),
            units,
            list_price: self.list_price,
            price: self.price,
            total: self.total,
            discount,
            gift: instead_of.gift && instead_of.line == line,
            shipped: 0,
            refunded: 0,
            dropped: 0,
            case_id: instead_of.case_id.filter(|_| instead_of.line == line),
            short: 0,
            short_reason: None,
        }
    }
}
