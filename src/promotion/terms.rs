//! What a shop lays down about a promotion.

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::{
    error::{Result, refused_argument},
    id::{ProductId, VariantId},
    money::{BasisPoints, Money},
};

/// The most that a tier may ask or take off, in minor units.
const MOST: i64 = 10_000_000_000;
/// Products that one promotion names at most.
const NAMED: usize = 200;
/// Tiers of one promotion at most.
const TIERS: usize = 10;
/// Gifts of one tier at most.
const GIFTS: usize = 5;

/// What a promotion does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PromotionTerms)]
pub enum Terms {
    /// 限时折扣 (PRO-01).
    Flash(FlashTerms),
    /// 满减, 满赠 (PRO-03, PRO-04).
    Tiered(Tiered),
}

/// Chosen products cost less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlashTerms {
    /// 1 to 200.
    pub product_ids: Vec<ProductId>,
    /// Basis points off what one piece is sold for, 1 to 9,999: 2000 is 8折.
    pub off: BasisPoints,
}

/// Money off, or gifts, from an amount or a number of pieces on: the highest tier that is reached counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tiered {
    /// What of a basket counts: these products, at most 200; none named: everything.
    #[serde(default)]
    pub product_ids: Vec<ProductId>,
    /// What is measured.
    pub measure: Measure,
    /// 1 to 10, rising.
    pub tiers: Vec<Tier>,
}

/// What a tier is reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PromotionMeasure)]
pub enum Measure {
    /// What the goods cost, after flash discounts, tiers of products, bundles and membership, before coupons; in minor units.
    Amount,
    /// Pieces.
    Units,
}

/// From there on so much is taken off, or given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromotionTier)]
pub struct Tier {
    /// Minor units or pieces, 1 and up.
    pub from: i64,
    /// Minor units; at most what the goods cost.
    #[serde(default)]
    pub off: Money,
    /// At most 5, each of them whole or not at all.
    #[serde(default)]
    pub gifts: Vec<Gift>,
}

/// What comes with the goods and costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromotionGift)]
pub struct Gift {
    /// What.
    pub variant_id: VariantId,
    /// How many, 1 to 100.
    pub units: u32,
}

impl Terms {
    /// Refuses with `invalid_argument` what is out of its bounds.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Flash(flash) => flash.check(),
            Self::Tiered(tiered) => tiered.check(),
        }
    }

    /// Which kind of promotion it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Flash(_) => Kind::Flash,
            Self::Tiered(_) => Kind::Tiered,
        }
    }

    /// The products that it names.
    pub fn products(&self) -> &[ProductId] {
        match self {
            Self::Flash(flash) => &flash.product_ids,
            Self::Tiered(tiered) => &tiered.product_ids,
        }
    }

    /// The variants that it gives.
    pub(super) fn gifts(&self) -> Vec<VariantId> {
        match self {
            Self::Flash(_) => vec![],
            Self::Tiered(tiered) => {
                let gifts = tiered.tiers.iter().flat_map(|tier| &tier.gifts);
                gifts.map(|gift| gift.variant_id).collect()
            }
        }
    }
}

impl FlashTerms {
    fn check(&self) -> Result<()> {
        if !(1..10_000).contains(&u32::from(self.off)) {
            return Err(refused_argument("off", "is 1 to 9999 basis points"));
        }
        named(&self.product_ids, 1)
    }
}

impl Tiered {
    fn check(&self) -> Result<()> {
        named(&self.product_ids, 0)?;
        if !(1..=TIERS).contains(&self.tiers.len()) {
            return Err(refused_argument("tiers", "are 1 to 10"));
        }
        self.tiers.iter().try_for_each(Tier::check)?;
        let rise = |pair: &[Tier]| pair[0].from < pair[1].from && pair[0].off <= pair[1].off;
        if !self.tiers.windows(2).all(rise) {
            let wrong = "rise in what they ask, and take off no less than the tier before";
            return Err(refused_argument("tiers", wrong));
        }
        let cheap =
            |tier: &Tier| self.measure == Measure::Amount && tier.off.in_minor() > tier.from;
        if self.tiers.iter().any(cheap) {
            let wrong = "is not more than the tier asks";
            return Err(refused_argument("off", wrong));
        }
        Ok(())
    }

    /// Does this product count?
    pub(super) fn holds(&self, product: ProductId) -> bool {
        self.product_ids.is_empty() || self.product_ids.contains(&product)
    }

    /// The highest tier that is reached by so much.
    pub(super) fn reached(&self, measured: i64) -> Option<&Tier> {
        self.tiers.iter().rfind(|tier| tier.from <= measured)
    }
}

impl Tier {
    fn check(&self) -> Result<()> {
        if !(1..=MOST).contains(&self.from) || !(0..=MOST).contains(&self.off.in_minor()) {
            return Err(refused_argument(
                "tiers",
                "ask 1 and more, and take off no less than nothing",
            ));
        }
        if self.off == Money::ZERO && self.gifts.is_empty() {
            return Err(refused_argument(
                "tiers",
                "take something off or give something",
            ));
        }
        let mut seen = std::collections::BTreeSet::new();
        let once = self.gifts.iter().all(|gift| seen.insert(gift.variant_id));
        if self.gifts.len() > GIFTS || !once {
            return Err(refused_argument("gifts", "are at most 5, each once"));
        }
        if !self
            .gifts
            .iter()
            .all(|gift| (1..=100).contains(&gift.units))
        {
            return Err(refused_argument("units", "of a gift are 1 to 100"));
        }
        Ok(())
    }
}

/// Refuses too few, too many, and one twice.
fn named(products: &[ProductId], least: usize) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    let once = products.iter().all(|product| seen.insert(*product));
    if once && (least..=NAMED).contains(&products.len()) {
        return Ok(());
    }
    let wrong = format!("names {least} to {NAMED} products, each once");
    Err(refused_argument("product_ids", &wrong))
}
