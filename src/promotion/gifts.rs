//! Which of the gifts that a basket has earned are there. One that is not, whole, is left out: nobody's order waits for a gift.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    evaluate::{Applied, Verdict},
    queries::{self, Shelf},
};
use crate::{
    error::Result,
    id::{HolderId, ProductId, PromotionId, VariantId},
    stock::Units,
    store::Tx,
};

/// A gift that was earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EarnedGift {
    /// By which promotion.
    pub promotion_id: PromotionId,
    /// Of which product.
    pub product_id: ProductId,
    /// What.
    pub variant_id: VariantId,
    /// The product's title.
    pub title: String,
    /// What the variant says.
    pub choice: Vec<String>,
    /// How many.
    pub units: u32,
    /// There are not so many left: the order goes through without it.
    pub sold_out: bool,
}

/// Who would get them, and what else of the stock they want.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basket<'a> {
    /// What it holds already counts as there.
    pub holder: HolderId,
    /// What is bought comes first.
    pub wanted: &'a [Units],
    /// Gifts that were gone when they were to be held.
    pub gone: &'a [VariantId],
}

/// What a verdict gives. Asks the database only if it gives anything.
pub(crate) async fn earned(
    tx: &mut Tx,
    verdict: &Verdict,
    basket: Basket<'_>,
) -> Result<Vec<EarnedGift>> {
    let gifts = verdict.applied.iter().flat_map(|one| &one.gifts);
    let variants: Vec<VariantId> = gifts.map(|gift| gift.variant_id).collect();
    if variants.is_empty() {
        return Ok(vec![]);
    }
    let shelves = queries::shelves(tx, &variants, basket.holder).await?;
    let mut left: HashMap<VariantId, i64> = shelves
        .iter()
        .map(|shelf| (shelf.variant, shelf.available))
        .collect();
    for units in basket.wanted {
        if let Some(left) = left.get_mut(&units.variant_id) {
            *left -= i64::from(units.units);
        }
    }
    left.retain(|variant, _| !basket.gone.contains(variant));
    let each = |one: &Applied| one.give(&shelves, &mut left);
    Ok(verdict.applied.iter().flat_map(each).collect())
}

impl Applied {
    fn give(&self, on: &[Shelf], left: &mut HashMap<VariantId, i64>) -> Vec<EarnedGift> {
        let mut given = vec![];
        for gift in &self.gifts {
            let found = on.iter().find(|place| place.variant == gift.variant_id);
            let Some(found) = found else {
                continue;
            };
            let units = i64::from(gift.units);
            let there = left
                .get_mut(&gift.variant_id)
                .filter(|left| **left >= units);
            let sold_out = there.map(|left| *left -= units).is_none();
            given.push(EarnedGift {
                promotion_id: self.promotion_id,
                product_id: found.product,
                variant_id: found.variant,
                title: found.title.clone(),
                choice: found.choice.clone(),
                units: gift.units,
                sold_out,
            });
        }
        given
    }
}
