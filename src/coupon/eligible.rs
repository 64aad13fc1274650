//! Who may claim a coupon now, and why somebody may not, in words that a shopkeeper understands.

use jiff::{SignedDuration, Timestamp};
use proto::CouponTemplateState;

use super::{Template, terms::Eligibility};
use crate::error::{Refusal, Result};

/// What is known of a customer in the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Orders that were placed and not cancelled.
    pub orders: i64,
    /// When the last of them was placed.
    pub last_order_at: Option<Timestamp>,
    /// The template names them as a tester.
    pub tester: bool,
    /// The template names them.
    pub listed: bool,
    /// The shop has banned them.
    pub banned: bool,
}

impl Template {
    /// May they claim one by themselves? Refuses as [`Template::givable_to`] does, with `coupon_not_now` outside of the claim window, and with
    /// `coupon_not_eligible` what is earned only.
    pub(super) fn claimable_by(&self, known: &Known, now: Timestamp) -> Result<()> {
        self.givable_to(known, now)?;
        if self.conditions.earned_only {
            return Err(Refusal::CouponNotEligible.into());
        }
        self.in_window(now)
    }

    /// May they have one? Refuses with `banned`, `not_found` (a draft), `coupon_trial_only`, `coupon_sold_out`, `coupon_not_now` (ended) and
    /// `coupon_not_eligible`.
    pub(super) fn givable_to(&self, known: &Known, now: Timestamp) -> Result<()> {
        if known.banned {
            return Err(Refusal::Banned.into());
        }
        match self.state {
            CouponTemplateState::Trial if !known.tester => {
                return Err(Refusal::CouponTrialOnly.into());
            }
            CouponTemplateState::Trial | CouponTemplateState::Published => {}
            CouponTemplateState::SoldOut => return Err(Refusal::CouponSoldOut.into()),
            CouponTemplateState::Ended => return Err(Refusal::CouponNotNow.into()),
            CouponTemplateState::Draft | CouponTemplateState::Unspecified => {
                return Err(Refusal::NotFound.into());
            }
        }
        if self.eligibility.holds(known, now) {
            Ok(())
        } else {
            Err(Refusal::CouponNotEligible.into())
        }
    }

    /// Refuses with `coupon_not_now` outside of the time in which it can be claimed.
    pub(super) fn in_window(&self, now: Timestamp) -> Result<()> {
        let limits = &self.limits;
        let early = limits.claim_from.is_some_and(|from| now < from);
        let late = limits.claim_until.is_some_and(|until| now >= until);
        let (_, valid_until) = self.validity.from_claim(now);
        if early || late || valid_until <= now {
            return Err(Refusal::CouponNotNow.into());
        }
        Ok(())
    }

    /// Why the statement did not take so many out of it.
    pub(super) fn why_not(&self, pieces: i64, now: Timestamp) -> Refusal {
        let beyond = |most: Option<i64>| most.is_some_and(|most| self.out() + pieces > most);
        match self.state {
            CouponTemplateState::SoldOut => Refusal::CouponSoldOut,
            CouponTemplateState::Ended => Refusal::CouponNotNow,
            _ if self.in_window(now).is_err() => Refusal::CouponNotNow,
            _ if beyond(self.limits.quantity) => Refusal::CouponSoldOut,
            _ if beyond(self.affordable()) => Refusal::CouponBudgetSpent,
            _ => Refusal::CouponState,
        }
    }
}

impl Eligibility {
    fn holds(&self, known: &Known, now: Timestamp) -> bool {
        match *self {
            Self::Anyone => true,
            Self::FirstOrder => known.orders == 0,
            Self::Listed => known.listed,
            Self::Lapsed { days } => {
                let absence = SignedDuration::from_hours(24 * i64::from(days));
                known
                    .last_order_at
                    .is_some_and(|last| now.duration_since(last) >= absence)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(days_ago: Option<i64>) -> (Known, Timestamp) {
        let now: Timestamp = "2026-11-28T00:00:00Z".parse().unwrap();
        let last_order_at = days_ago.map(|days| now - SignedDuration::from_hours(24 * days));
        let known = Known {
            orders: i64::from(days_ago.is_some()),
            last_order_at,
            ..Known::default()
        };
        (known, now)
    }

    /// CPN-03, CPN-04: newcomers have ordered nothing; the lapsed ordered once, and long enough ago.
    #[test]
    fn who_has_ordered_when() {
        let holds = |eligibility: &Eligibility, days_ago| {
            let (known, now) = known(days_ago);
            eligibility.holds(&known, now)
        };
        let lapsed = Eligibility::Lapsed { days: 7 };
        let first = Eligibility::FirstOrder;
        assert_eq!(
            [None, Some(6), Some(7)].map(|at| holds(&lapsed, at)),
            [false, false, true]
        );
        assert_eq!([None, Some(6)].map(|at| holds(&first, at)), [true, false]);
        assert!(!holds(&Eligibility::Listed, None));
    }
}
