//! What coupons take off a basket: a pure function, the same for the customer who asks and for the order that is placed.
//!
//! A coupon is judged by these rules in this order, and the first that fails is the reason: its state, its time, whose first order it is,
//! what of the basket is in its scope (without reduced goods where it does not stack), its threshold on the list price of that, and what it
//! takes off the price of that: never more than it costs (decision 20 of the specification). What it takes off is split over the lines
//! once, by their prices and the largest remainder. An order has one coupon; the one that takes most off comes first, then the one that
//! ends first, then the one that was claimed first.

use jiff::Timestamp;
use proto::CouponState;
use serde::Serialize;

use super::Coupon;
use crate::{
    id::{CouponId, CouponTemplateId, ProductId},
    money::{Money, TooMuch},
};

/// One line of a basket.
#[derive(Clone, Debug)]
pub struct Line {
    /// Of which product.
    pub product: ProductId,
    /// The product's path, from the widest.
    pub category: Vec<String>,
    /// All its units before any reduction.
    pub list: Money,
    /// What the line costs.
    pub price: Money,
    /// Coupons count for it: no promotion that is in its price says otherwise.
    pub stacks: bool,
}

/// What is known besides.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// What time it is.
    pub now: Timestamp,
    /// Orders that the customer has placed in the shop and not cancelled.
    pub orders_before: i64,
}

/// Why a coupon takes nothing off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CouponReason)]
pub enum Reason {
    /// Its time has not begun.
    NotYet,
    /// Its time is over.
    Expired,
    /// It is on an order that is not paid yet.
    Locked,
    /// The shop looks at how it was claimed before it can be used.
    Held,
    /// It took something off another order.
    Used,
    /// It is for the first order in the shop only.
    FirstOrderOnly,
    /// Nothing in the basket is in its scope.
    NothingInScope,
    /// What is in its scope is reduced already, and one of the two does not count beside the other.
    DoesNotStack,
    /// What is in its scope lists for less than its threshold.
    BelowThreshold,
    /// It comes to nothing.
    TakesNothing,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CouponRule)]
pub enum Rule {
    /// What is in its scope, at list prices.
    ListInScope,
    /// What is left of it without reduced goods.
    ListUnreduced,
    /// What that must come to.
    Threshold,
    /// What it costs.
    PriceInScope,
    /// What is taken off.
    Deduction,
}

/// One step of the judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CouponStep)]
pub struct Step {
    /// What was looked at.
    pub rule: Rule,
    /// What it came to, in minor units.
    pub amount: Money,
}

/// A coupon that takes something off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Applied {
    /// Which.
    pub coupon_id: CouponId,
    /// Of what.
    pub template_id: CouponTemplateId,
    /// Its title.
    pub title: String,
    /// When it ends.
    #[schema(value_type = String)]
    pub valid_until: Timestamp,
    /// What it takes off, in minor units.
    pub deduction: Money,
    /// Each line's share of that, in minor units.
    pub shares: Vec<Money>,
    /// It counts beside promotions.
    pub stacks_with_promotions: bool,
    /// How it came to that.
    pub trace: Vec<Step>,
}

/// A coupon that takes nothing off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Rejected {
    /// Which.
    pub coupon_id: CouponId,
    /// Of what.
    pub template_id: CouponTemplateId,
    /// Its title.
    pub title: String,
    /// Why.
    pub reason: Reason,
    /// How far it came.
    pub trace: Vec<Step>,
}

/// All coupons of somebody, each judged by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Verdict {
    /// Any one of them can be taken, the best first.
    pub usable: Vec<Applied>,
    /// None of them can, in the order in which they were claimed.
    pub unusable: Vec<Rejected>,
}

/// Judges each of these coupons for a basket.
pub fn evaluate(
    coupons: &[Coupon],
    lines: &[Line],
    circumstances: Circumstances,
) -> Result<Verdict, TooMuch> {
    let mut verdict = Verdict::default();
    let mut coupons: Vec<&Coupon> = coupons.iter().collect();
    coupons.sort_by_key(|coupon| coupon.id);
    for coupon in coupons {
        match judge(coupon, lines, circumstances)? {
            Ok(applied) => verdict.usable.push(applied),
            Err(rejected) => verdict.unusable.push(rejected),
        }
    }
    let best = |one: &Applied| {
        (
            std::cmp::Reverse(one.deduction),
            one.valid_until,
            one.coupon_id,
        )
    };
    verdict.usable.sort_by_key(best);
    Ok(verdict)
}

/// Judges one coupon for a basket.
pub fn judge(
    coupon: &Coupon,
    lines: &[Line],
    circumstances: Circumstances,
) -> Result<Result<Applied, Rejected>, TooMuch> {
    let mut trace = vec![];
    let verdict = match coupon.in_time(circumstances) {
        Err(reason) => Err(reason),
        Ok(()) => coupon.takes_off(lines, &mut trace)?,
    };
    Ok(match verdict {
        Ok((deduction, shares)) => Ok(Applied {
            coupon_id: coupon.id,
            template_id: coupon.template_id,
            title: coupon.terms.title.clone(),
            valid_until: coupon.valid_until,
            deduction,
            shares,
            stacks_with_promotions: coupon.terms.stacks_with_promotions,
            trace,
        }),
        Err(reason) => Err(Rejected {
            coupon_id: coupon.id,
            template_id: coupon.template_id,
            title: coupon.terms.title.clone(),
            reason,
            trace,
        }),
    })
}

/// What is taken off, and each line's share of it.
type Deduction = (Money, Vec<Money>);

impl Coupon {
    fn in_time(&self, circumstances: Circumstances) -> Result<(), Reason> {
        match self.state {
            CouponState::Used => return Err(Reason::Used),
            CouponState::Locked => return Err(Reason::Locked),
            CouponState::Held => return Err(Reason::Held),
            CouponState::Expired => return Err(Reason::Expired),
            CouponState::Usable | CouponState::Unspecified => {}
        }
        if circumstances.now < self.valid_from {
            return Err(Reason::NotYet);
        }
        if circumstances.now >= self.valid_until {
            return Err(Reason::Expired);
        }
        if self.first_order_only && circumstances.orders_before > 0 {
            return Err(Reason::FirstOrderOnly);
        }
        Ok(())
    }

    fn takes_off(
        &self,
        lines: &[Line],
        trace: &mut Vec<Step>,
    ) -> Result<Result<Deduction, Reason>, TooMuch> {
        let mut note = |rule, amount| trace.push(Step { rule, amount });
        let named = |line: &Line| self.terms.scope.holds(line.product, &line.category);
        let counts = |line: &Line| {
            let full_price = line.price >= line.list;
            named(line) && line.stacks && (self.terms.stacks_with_promotions || full_price)
        };
        if !lines.iter().any(named) {
            return Ok(Err(Reason::NothingInScope));
        }
        let listed = |which: &dyn Fn(&Line) -> bool| {
            Money::sum(
                lines
                    .iter()
                    .filter(|line| which(line))
                    .map(|line| line.list),
            )
        };
        note(Rule::ListInScope, listed(&named)?);
        if !lines.iter().any(counts) {
            return Ok(Err(Reason::DoesNotStack));
        }
        let (list, threshold) = (listed(&counts)?, self.terms.face.threshold());
        if !self.terms.stacks_with_promotions {
            note(Rule::ListUnreduced, list);
        }
        note(Rule::Threshold, threshold);
        if list < threshold {
            return Ok(Err(Reason::BelowThreshold));
        }
        let prices: Vec<Money> = lines
            .iter()
            .map(|line| {
                if counts(line) {
                    line.price
                } else {
                    Money::ZERO
                }
            })
            .collect();
        let price = Money::sum(prices.iter().copied())?;
        note(Rule::PriceInScope, price);
        let deduction = self.terms.face.off(price);
        note(Rule::Deduction, deduction);
        if deduction <= Money::ZERO {
            return Ok(Err(Reason::TakesNothing));
        }
        let weights: Vec<u64> = prices
            .iter()
            .map(|price| price.in_minor().unsigned_abs())
            .collect();
        Ok(Ok((deduction, deduction.split(&weights))))
    }
}

#[cfg(test)]
mod tests;
