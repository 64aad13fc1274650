//! What a shop lays down about its coupons.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use proto::{CouponKind, CouponScope};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Result, refused_argument},
    id::{ProductId, UserId},
    money::{BasisPoints, Money},
    words,
};

/// The most that a coupon may be about, in minor units.
const MOST: Money = Money::minor(10_000_000_000);
/// Categories or products that one scope names at most.
const NAMED: usize = 200;
/// Customers that one template names at most.
const CUSTOMERS: usize = 5_000;

/// What a coupon takes off, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CouponTerms)]
pub struct Terms {
    /// 1 to 60 characters.
    pub title: String,
    /// How much.
    pub face: Face,
    /// Of what.
    pub scope: Scope,
    /// It counts for goods that are reduced already, too.
    pub stacks_with_promotions: bool,
}

/// How much a coupon takes off, from what threshold on. The threshold is measured on list prices (decision 20 of the specification).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Face {
    /// 满减: `value` minor units, if the goods list for `threshold` at least.
    FullReduction {
        /// Minor units, 1 and up, at most the threshold.
        value: Money,
        /// Minor units, 1 and up.
        threshold: Money,
    },
    /// 无门槛: `value` minor units.
    NoThreshold {
        /// Minor units, 1 and up.
        value: Money,
    },
    /// 折扣: a share of what the goods cost.
    Percentage {
        /// Basis points, 1 to 9,999: 2000 are 20%.
        off: BasisPoints,
        /// So many minor units at most.
        #[serde(default)]
        cap: Option<Money>,
        /// Minor units; 0: none.
        #[serde(default)]
        threshold: Money,
    },
}

/// What of a basket a coupon is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// Everything.
    Shop,
    /// 品类券: what is below one of these paths.
    Categories {
        /// Paths from the widest, e.g. 服饰, 女装; 1 to 200.
        categories: Vec<Vec<String>>,
    },
    /// These products.
    Products {
        /// 1 to 200.
        product_ids: Vec<ProductId>,
    },
}

/// When a coupon can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Validity {
    /// A fixed time.
    Period {
        /// From then on.
        #[schema(value_type = String)]
        from: Timestamp,
        /// Not then any more.
        #[schema(value_type = String)]
        until: Timestamp,
    },
    /// So many times 24 hours from the claim.
    Days {
        /// 1 to 366.
        days: u16,
    },
}

/// The same as staff say it: by the clock on the shop's wall.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum NewValidity {
    /// A fixed time; Saturday and Sunday is from Saturday 00:00 until Monday 00:00 (decision 24 of the specification).
    Period {
        /// `2026-11-28T00:00`, in the shop's time zone.
        #[schema(value_type = String)]
        from: DateTime,
        /// Not then any more.
        #[schema(value_type = String)]
        until: DateTime,
    },
    /// So many times 24 hours from the claim.
    Days {
        /// 1 to 366.
        days: u16,
    },
}

/// Who may claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "who", rename_all = "snake_case", deny_unknown_fields)]
pub enum Eligibility {
    /// Everybody whom the shop has not banned.
    Anyone,
    /// Who has ordered nothing here yet; it counts for the first order only (CPN-03).
    FirstOrder,
    /// Whose last order here is so many days back, at least (CPN-04).
    Lapsed {
        /// 1 to 3,650.
        days: u16,
    },
    /// The customers that the template names (CPN-10).
    Listed,
}

/// What coupons are issued for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// That people order for the first time.
    NewCustomers,
    /// That they order again.
    RepeatPurchase,
    /// That goods leave the store.
    ClearStock,
    /// Something else.
    Other,
}

/// How many, for how much, when, and how many each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CouponLimits)]
pub struct Limits {
    /// Coupons; null: as many as are claimed.
    pub quantity: Option<i64>,
    /// What all of them may take off together, in minor units; null: any sum.
    pub budget: Option<Money>,
    /// Before it nobody claims; null: at once.
    #[schema(value_type = Option<String>)]
    pub claim_from: Option<Timestamp>,
    /// From then on nobody claims; null: no end.
    #[schema(value_type = Option<String>)]
    pub claim_until: Option<Timestamp>,
    /// Coupons of one customer, 1 to 100.
    pub per_person: i32,
    /// Coupons by one device, 1 to 100; null: any number.
    pub per_device: Option<i32>,
}

impl Terms {
    /// Refuses with `invalid_argument` what is out of its bounds.
    pub fn check(&self) -> Result<()> {
        words::line("title", &self.title, 60)?;
        self.face.check()?;
        self.scope.check()
    }
}

impl Face {
    fn check(self) -> Result<()> {
        let (least, value) = (Money::minor(1), self.worth().unwrap_or(Money::minor(1)));
        if !(least..=MOST).contains(&value) || !(Money::ZERO..=MOST).contains(&self.threshold()) {
            return Err(refused_argument("face", "has amounts of 1 and more"));
        }
        match self {
            Self::FullReduction { value, threshold } if value > threshold => Err(refused_argument(
                "threshold",
                "is not below what is taken off",
            )),
            Self::Percentage { off, .. } if !(1..10_000).contains(&u32::from(off)) => {
                Err(refused_argument("off", "is 1 to 9999 basis points"))
            }
            _ => Ok(()),
        }
    }

    /// The most that one coupon can take off; `None`: there is no most.
    pub fn worth(self) -> Option<Money> {
        match self {
            Self::FullReduction { value, .. } | Self::NoThreshold { value } => Some(value),
            Self::Percentage { cap, .. } => cap,
        }
    }

    /// What the goods must list for.
    pub fn threshold(self) -> Money {
        match self {
            Self::FullReduction { threshold, .. } | Self::Percentage { threshold, .. } => threshold,
            Self::NoThreshold { .. } => Money::ZERO,
        }
    }

    /// What it takes off goods that cost so much, which is never more than they cost.
    pub fn off(self, price: Money) -> Money {
        let off = match self {
            Self::FullReduction { value, .. } | Self::NoThreshold { value } => value,
            Self::Percentage { off, cap, .. } => {
                let share = off.of(price);
                cap.map_or(share, |cap| cap.min(share))
            }
        };
        off.min(price)
    }

    /// As the contract calls it.
    pub fn kind(self) -> CouponKind {
        match self {
            Self::FullReduction { .. } => CouponKind::FullReduction,
            Self::NoThreshold { .. } => CouponKind::NoThreshold,
            Self::Percentage { .. } => CouponKind::Percentage,
        }
    }
}

impl Scope {
    fn check(&self) -> Result<()> {
        let named = match self {
            Self::Shop => 1,
            Self::Products { product_ids } => product_ids.len(),
            Self::Categories { categories } => {
                let path = |path: &Vec<String>| {
                    (1..=5).contains(&path.len())
                        && path.iter().all(|word| words::is_line(word, 30))
                };
                if !categories.iter().all(path) {
                    return Err(refused_argument("categories", "are paths of 1 to 5 words"));
                }
                categories.len()
            }
        };
        if (1..=NAMED).contains(&named) {
            Ok(())
        } else {
            Err(refused_argument("scope", "names 1 to 200"))
        }
    }

    /// Is this product in it?
    pub fn holds(&self, product: ProductId, category: &[String]) -> bool {
        match self {
            Self::Shop => true,
            Self::Categories { categories } => {
                categories.iter().any(|path| category.starts_with(path))
            }
            Self::Products { product_ids } => product_ids.contains(&product),
        }
    }

    /// As the contract calls it.
    pub fn word(&self) -> CouponScope {
        match self {
            Self::Shop => CouponScope::Shop,
            Self::Categories { .. } => CouponScope::Categories,
            Self::Products { .. } => CouponScope::Products,
        }
    }
}

impl Validity {
    /// From when until when a coupon that is claimed now can be used.
    pub fn from_claim(self, now: Timestamp) -> (Timestamp, Timestamp) {
        match self {
            Self::Period { from, until } => (from, until),
            Self::Days { days } => (now, now + SignedDuration::from_hours(24 * i64::from(days))),
        }
    }

    /// Refuses with `invalid_argument` what ends before it begins, lasts for ever, or is over.
    pub(super) fn check(self, now: Timestamp) -> Result<()> {
        let right = match self {
            Self::Days { days } => (1..=366).contains(&days),
            Self::Period { from, until } => {
                let longest = SignedDuration::from_hours(24 * 3_660);
                from < until && now < until && until.duration_since(now) < longest
            }
        };
        if right {
            Ok(())
        } else {
            let wrong =
                "ends after it begins, in the future, within ten years; or lasts 1 to 366 days";
            Err(refused_argument("validity", wrong))
        }
    }
}

impl Eligibility {
    pub(super) fn check(&self, customers: &[UserId]) -> Result<()> {
        if matches!(self, Self::Lapsed { days } if !(1..=3_650).contains(days)) {
            return Err(refused_argument("days", "are 1 to 3650"));
        }
        if customers.len() > CUSTOMERS || customers.is_empty() == (*self == Self::Listed) {
            let wrong = "are named, up to 5000, where the coupons are for `listed` customers only";
            return Err(refused_argument("customer_ids", wrong));
        }
        Ok(())
    }
}

impl Limits {
    pub(super) fn check(&self, face: Face) -> Result<()> {
        let in_bounds = |number: i32| (1..=100).contains(&number);
        if !in_bounds(self.per_person) || !self.per_device.is_none_or(in_bounds) {
            return Err(refused_argument(
                "per_person",
                "and `per_device` are 1 to 100",
            ));
        }
        if self
            .quantity
            .is_some_and(|number| !(1..=100_000_000).contains(&number))
        {
            return Err(refused_argument("quantity", "is 1 to 100000000"));
        }
        let Some(budget) = self.budget else {
            return Ok(());
        };
        let Some(worth) = face.worth() else {
            let wrong = "needs a `cap`: nobody knows what a percentage without one costs";
            return Err(refused_argument("budget", wrong));
        };
        let most = Money::minor(100_000_000_000_000);
        if (worth..=most).contains(&budget) {
            Ok(())
        } else {
            Err(refused_argument("budget", "is enough for one coupon"))
        }
    }
}
