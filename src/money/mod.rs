//! Money: whole minor units (fen, cents) of the one currency that a shop has. No fraction and no float comes near it.

mod currency;

pub use currency::Currency;
use serde::{Deserialize, Serialize};

use crate::error::{Error, refused_argument};

/// An amount in minor units of the shop's currency; below zero: owed the other way.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Money(i64);

/// A sum that no shop has. Becomes a refusal with `invalid_argument`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount is too large")]
pub struct TooMuch;

impl From<TooMuch> for Error {
    fn from(_: TooMuch) -> Self {
        refused_argument("amount", "is too large")
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many minor units.
    pub const fn minor(units: i64) -> Self {
        Self(units)
    }

    /// In minor units.
    pub const fn in_minor(self) -> i64 {
        self.0
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Result<Self, TooMuch> {
        self.0.checked_add(other.0).map(Self).ok_or(TooMuch)
    }

    /// Without the other; below zero if that is more.
    pub fn minus(self, other: Self) -> Result<Self, TooMuch> {
        self.0.checked_sub(other.0).map(Self).ok_or(TooMuch)
    }

    /// So many times.
    pub fn times(self, number: u32) -> Result<Self, TooMuch> {
        self.0.checked_mul(number.into()).map(Self).ok_or(TooMuch)
    }

    /// All together.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, TooMuch> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// Splits in the proportion of the weights, by largest remainder: every part is its exact share rounded down or up, and
    /// the parts add up to the whole. Of equal remainders the earlier part gets the unit. Weights that are all 0 count
    /// alike. No weights: no parts.
    pub fn split(self, weights: &[u64]) -> Vec<Self> {
        let alike = weights.iter().all(|weight| *weight == 0);
        let weights: Vec<u128> = weights
            .iter()
            .map(|weight| if alike { 1 } else { u128::from(*weight) })
            .collect();
        let (whole, total) = (
            u128::from(self.0.unsigned_abs()),
            weights.iter().sum::<u128>().max(1),
        );
        let mut parts: Vec<u128> = weights
            .iter()
            .map(|weight| whole * weight / total)
            .collect();
        // Fewer than there are parts.
        let left = usize::try_from(whole - parts.iter().sum::<u128>()).unwrap_or_default();
        let mut places: Vec<usize> = (0..parts.len()).collect();
        places.sort_by_key(|place| std::cmp::Reverse(whole * weights[*place] % total));
        for place in places.into_iter().take(left) {
            parts[place] += 1;
        }
        parts
            .into_iter()
            .map(|part| Self(self.signed(part)))
            .collect()
    }

    /// What the first `some` of `all` equal units cost of this whole, split as [`Money::split`] does: whoever pays units back
    /// one after another pays the difference of two of these, and in the end exactly the whole. More than all is all.
    #[must_use]
    pub fn first_units(self, some: u32, all: u32) -> Self {
        let (whole, all) = (self.0.unsigned_abs(), u64::from(all.max(1)));
        let some = u64::from(some).min(all);
        let part = whole / all * some + (whole % all).min(some);
        Self(self.signed(part.into()))
    }

    /// A part of this amount, on the same side of zero.
    fn signed(self, part: u128) -> i64 {
        let part = i64::try_from(part).unwrap_or(i64::MAX);
        if self.0 < 0 { -part } else { part }
    }
}

/// Hundredths of a percent, 0 to 10,000.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(try_from = "u32", into = "u32")]
#[schema(value_type = u32, maximum = 10_000)]
pub struct BasisPoints(u32);

impl BasisPoints {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    const WHOLE: u32 = 10_000;

    /// This share of an amount, rounded half up, away from zero: `¥159.00` at 10% is `¥15.90`, a half fen is one.
    #[must_use]
    pub fn of(self, amount: Money) -> Money {
        let (whole, half) = (u128::from(Self::WHOLE), u128::from(Self::WHOLE) / 2);
        let share = (u128::from(amount.0.unsigned_abs()) * u128::from(self.0) + half) / whole;
        Money(amount.signed(share))
    }

    /// The amount without this share of it. Never on the other side of zero.
    #[must_use]
    pub fn off(self, amount: Money) -> Money {
        Money(amount.0 - self.of(amount).0)
    }
}

impl TryFrom<u32> for BasisPoints {
    type Error = Error;
    /// Refuses what is above the whole with `invalid_argument`.
    fn try_from(points: u32) -> Result<Self, Error> {
        if points > Self::WHOLE {
            return Err(refused_argument(
                "basis_points",
                "is above 10000, which is the whole",
            ));
        }
        Ok(Self(points))
    }
}

impl From<BasisPoints> for u32 {
    fn from(points: BasisPoints) -> Self {
        points.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minor(parts: &[Money]) -> Vec<i64> {
        parts.iter().map(|part| part.in_minor()).collect()
    }

    /// Money: the earlier of equals gets the odd unit, whichever side of zero.
    #[test]
    fn a_remainder_goes_to_the_largest_and_then_to_the_first() {
        assert_eq!(minor(&Money(100).split(&[1, 1, 1])), [34, 33, 33]);
        assert_eq!(minor(&Money(-100).split(&[1, 1, 1])), [-34, -33, -33]);
        assert_eq!(minor(&Money(100).split(&[1, 2, 4])), [14, 29, 57]);
        assert_eq!(minor(&Money(7).split(&[0, 0])), [4, 3]);
        assert_eq!(minor(&Money(5).split(&[])), [0; 0]);
        assert_eq!(minor(&Money(i64::MAX).split(&[u64::MAX, 0])), [i64::MAX, 0]);
    }

    /// Money: sums that cannot be are refused, not wrapped.
    #[test]
    fn what_is_too_much_is_refused() {
        let most = Money(i64::MAX);
        assert_eq!(most.plus(Money(1)), Err(TooMuch));
        assert_eq!(Money(i64::MIN).minus(Money(1)), Err(TooMuch));
        assert_eq!(most.times(2), Err(TooMuch));
        assert_eq!(Money::sum([most, Money(1)]), Err(TooMuch));
        assert!(BasisPoints::try_from(10_001).is_err());
    }

    /// Money: percentages round half up, once.
    #[test]
    fn a_percentage_rounds_half_up() {
        let tenth = BasisPoints(1_000);
        assert_eq!(
            (tenth.of(Money(15)), tenth.off(Money(15))),
            (Money(2), Money(13))
        );
        assert_eq!(tenth.of(Money(14)), Money(1));
        assert_eq!(tenth.of(Money(-15)), Money(-2));
        assert_eq!(BasisPoints(10_000).off(Money(i64::MAX)), Money::ZERO);
    }

    proptest! {
        /// Money: however it is split, the parts add up to the whole, and each is its exact share rounded down or up.
        #[test]
        fn parts_add_up_to_the_whole(whole: i64, weights in prop::collection::vec(any::<u64>(), 1..20)) {
            prop_assume!(whole > i64::MIN);
            let parts = Money(whole).split(&weights);
            prop_assert_eq!(Money::sum(parts.iter().copied()), Ok(Money(whole)));
            let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| total > 0) {
                let exact = u128::from(whole.unsigned_abs()) * u128::from(*weight) / total;
                let part = u128::from(part.0.unsigned_abs());
                prop_assert!(part == exact || part == exact + 1);
            }
        }

        /// Money: units that are paid back in any steps add up to exactly what they cost.
        #[test]
        fn units_paid_back_in_any_steps_add_up(whole in 0..1_000_000_000i64, steps in prop::collection::vec(1..50u32, 1..20)) {
            let all: u32 = steps.iter().sum();
            let mut back = Money::ZERO;
            let mut units = 0;
            for step in steps {
                let share = Money(whole).first_units(units + step, all).minus(Money(whole).first_units(units, all)).unwrap();
                prop_assert!(share >= Money::ZERO);
                (back, units) = (back.plus(share).unwrap(), units + step);
            }
            prop_assert_eq!(back, Money(whole));
        }

        /// Money: the first units are the first parts of the split.
        #[test]
        fn first_units_are_first_parts(whole: i32, some in 0..60u32, all in 1..50u32) {
            let whole = Money(whole.into());
            let parts = whole.split(&vec![1; all as usize]);
            let first = Money::sum(parts.into_iter().take(some as usize)).unwrap();
            prop_assert_eq!(whole.first_units(some, all), first);
        }
    }
}
