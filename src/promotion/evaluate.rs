//! What tiered promotions do for a basket: a pure function, the same for the customer who asks and for the order that is placed.
//!
//! A promotion is judged by these rules in this order, and the first that fails is the reason: what of the basket it is for, whether it
//! counts beside the order's coupon, the tier that is reached, and what is left to take something off. It is measured on what the goods
//! cost (flash discounts, tiers of products, bundles and membership are in that), a coupon lowers no tier; what it takes off is never more than
//! the coupon has left of these goods, and is split over them once, by the largest remainder. Of all that take money off only one does: the
//! one that takes most, of equals the older. Those that only give gifts all count.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Campaign,
    terms::{Gift, Measure, Tier},
};
use crate::{
    id::{ProductId, PromotionId},
    money::{Money, TooMuch},
};

/// One line of a basket.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Of which product.
    pub product: ProductId,
    /// How many pieces.
    pub units: u32,
    /// What the line costs.
    pub price: Money,
    /// What of that a coupon has left.
    pub left: Money,
}

/// Why a promotion does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PromotionReason)]
pub enum Reason {
    /// Nothing in the basket is what it is for.
    NothingInScope,
    /// The order has a coupon, and one of the two does not count beside the other.
    DoesNotStack,
    /// Its first tier is not reached.
    BelowTier,
    /// The coupon has left nothing to take it off.
    TakesNothing,
    /// Another one takes more off, and only one does.
    AnotherTakesMore,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PromotionRule)]
pub enum Rule {
    /// What the goods that it is for cost, in minor units.
    AmountInScope,
    /// How many pieces of them there are.
    UnitsInScope,
    /// From where on the tier counts that is reached, or else the first.
    Tier,
    /// What a coupon has left of these goods, in minor units.
    LeftInScope,
    /// What is taken off, in minor units.
    Reduction,
}

/// One step of the judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PromotionStep)]
pub struct Step {
    /// What was looked at.
    pub rule: Rule,
    /// What it came to.
    pub amount: i64,
}

/// A promotion that does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = AppliedPromotion)]
pub struct Applied {
    /// Which.
    pub promotion_id: PromotionId,
    /// Its name.
    pub name: String,
    /// When it ends.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
    /// Coupons count beside it.
    pub stacks_with_coupons: bool,
    /// From where on the tier counts that is reached.
    pub reached: i64,
    /// What it takes off, in minor units.
    pub reduction: Money,
    /// Each line's share of that, in minor units.
    pub shares: Vec<Money>,
    /// What it gives, if it is there.
    pub gifts: Vec<Gift>,
    /// How it came to that.
    pub trace: Vec<Step>,
}

/// A promotion that does nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RejectedPromotion)]
pub struct Rejected {
    /// Which.
    pub promotion_id: PromotionId,
    /// Its name.
    pub name: String,
    /// When it ends.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// How far it came.
    pub trace: Vec<Step>,
}

/// All promotions that are running, each with what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PromotionVerdict)]
pub struct Verdict {
    /// Those that count, the oldest first.
    pub applied: Vec<Applied>,
    /// Those that do not, the oldest first.
    pub rejected: Vec<Rejected>,
}

/// The tier that is reached, what it takes off, and each line's share of that; or why it does nothing.
type Effect<'a> = Result<(&'a Tier, Money, Vec<Money>), Reason>;

/// Judges all promotions that are running for a basket. `coupon`: the order has one, and whether it counts beside promotions.
pub fn evaluate(
    campaigns: &[Campaign],
    lines: &[Line],
    coupon: Option<bool>,
) -> Result<Verdict, TooMuch> {
    let mut verdict = Verdict::default();
    let mut campaigns: Vec<&Campaign> = campaigns.iter().collect();
    campaigns.sort_by_key(|campaign| campaign.id);
    for campaign in campaigns {
        match campaign.judge(lines, coupon)? {
            Ok(applied) => verdict.applied.push(applied),
            Err(rejected) => verdict.rejected.push(rejected),
        }
    }
    verdict.keep_the_best();
    Ok(verdict)
}

impl Verdict {
    /// Of those that take something off only the best is left.
    fn keep_the_best(&mut self) {
        let takes = self
            .applied
            .iter()
            .filter(|one| one.reduction > Money::ZERO);
        let best = takes.min_by_key(|one| (std::cmp::Reverse(one.reduction), one.promotion_id));
        let Some(best) = best.map(|best| best.promotion_id) else {
            return;
        };
        let stays = |one: &Applied| one.reduction == Money::ZERO || one.promotion_id == best;
        let (stay, go) = std::mem::take(&mut self.applied)
            .into_iter()
            .partition(stays);
        self.applied = stay;
        self.rejected
            .extend(<Vec<Applied>>::into_iter(go).map(Applied::beaten));
        self.rejected.sort_by_key(|one| one.promotion_id);
    }

    /// What is taken off together.
    pub(crate) fn reduction(&self) -> Result<Money, TooMuch> {
        Money::sum(self.applied.iter().map(|one| one.reduction))
    }
}

impl Applied {
    fn beaten(self) -> Rejected {
        Rejected {
            promotion_id: self.promotion_id,
            name: self.name,
            ends_at: self.ends_at,
            reason: Reason::AnotherTakesMore,
            trace: self.trace,
        }
    }
}

impl Campaign {
    fn judge(
        &self,
        lines: &[Line],
        coupon: Option<bool>,
    ) -> Result<Result<Applied, Rejected>, TooMuch> {
        let mut trace = vec![];
        Ok(match self.does(lines, coupon, &mut trace)? {
            Ok((tier, reduction, shares)) => Ok(Applied {
                promotion_id: self.id,
                name: self.name.clone(),
                ends_at: self.ends_at,
                stacks_with_coupons: self.stacks_with_coupons,
                reached: tier.from,
                reduction,
                shares,
                gifts: tier.gifts.clone(),
                trace,
            }),
            Err(reason) => Err(Rejected {
                promotion_id: self.id,
                name: self.name.clone(),
                ends_at: self.ends_at,
                reason,
                trace,
            }),
        })
    }

    /// The tier that is reached, what it takes off, and each line's share of that.
    fn does(
        &self,
        lines: &[Line],
        coupon: Option<bool>,
        trace: &mut Vec<Step>,
    ) -> Result<Effect<'_>, TooMuch> {
        let mut note = |rule, amount| trace.push(Step { rule, amount });
        let counts = |line: &Line| self.terms.holds(line.product);
        if !lines.iter().any(counts) {
            return Ok(Err(Reason::NothingInScope));
        }
        if coupon.is_some_and(|stacks| !stacks || !self.stacks_with_coupons) {
            return Ok(Err(Reason::DoesNotStack));
        }
        let (rule, measured) = self.measured(lines)?;
        note(rule, measured);
        let Some(tier) = self.terms.reached(measured) else {
            note(
                Rule::Tier,
                self.terms.tiers.first().map_or(0, |tier| tier.from),
            );
            return Ok(Err(Reason::BelowTier));
        };
        note(Rule::Tier, tier.from);
        let left = |line: &Line| if counts(line) { line.left } else { Money::ZERO };
        let left: Vec<Money> = lines.iter().map(left).collect();
        let all_left = Money::sum(left.iter().copied())?;
        let reduction = tier.off.min(all_left);
        if tier.off > Money::ZERO {
            note(Rule::LeftInScope, all_left.in_minor());
            note(Rule::Reduction, reduction.in_minor());
        }
        if reduction == Money::ZERO && tier.gifts.is_empty() {
            return Ok(Err(Reason::TakesNothing));
        }
        let weight = |left: &Money| left.in_minor().unsigned_abs();
        let weights: Vec<u64> = left.iter().map(weight).collect();
        Ok(Ok((tier, reduction, reduction.split(&weights))))
    }

    fn measured(&self, lines: &[Line]) -> Result<(Rule, i64), TooMuch> {
        let counted = lines.iter().filter(|line| self.terms.holds(line.product));
        match self.terms.measure {
            Measure::Amount => {
                let amount = Money::sum(counted.map(|line| line.price))?;
                Ok((Rule::AmountInScope, amount.in_minor()))
            }
            Measure::Units => {
                let units = counted.map(|line| i64::from(line.units)).sum();
                Ok((Rule::UnitsInScope, units))
            }
        }
    }
}

#[cfg(test)]
mod tests;
