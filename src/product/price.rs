//! What things cost, bought together: the one place that says so, for the customer who asks and for the order that is placed.
//!
//! The order of reductions is fixed: the product's price, or the flash discount's in its place (PRO-01), then its tier for the pieces bought
//! (PROD-08), then the member's discount on what is left. A bundle's parts cost their own prices less their shares of its saving (PROD-09):
//! flash discounts are for what is bought singly. Each is rounded once, for the whole line, a flash price for the piece.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Product, Shelved, bundle::Bundle, queries};
use crate::{
    actor::Actor,
    app::App,
    error::{Error, Refusal, Result, refused_argument, refused_because},
    id::{BundleId, ProductId, ShopId, UserId, VariantId},
    member,
    money::{BasisPoints, Money, TooMuch},
    promotion::{Campaign, Flash},
    stock::Units,
    store::Tx,
};

/// Lines of one basket at most, bundles included.
const LINES: usize = 100;
/// Units in one line at most.
const UNITS: u32 = 10_000;

/// What somebody wants to buy together.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Basket {
    /// Variants one by one.
    pub lines: Vec<Units>,
    /// Bundles.
    pub bundles: Vec<BundleLine>,
}

/// So many of a bundle.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleLine {
    /// Which.
    pub bundle_id: BundleId,
    /// How many, 1 to 10,000.
    pub units: u32,
    /// The chosen variant of each part, in the parts' order.
    pub variant_ids: Vec<VariantId>,
}

/// One line with its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Priced {
    /// What.
    pub variant_id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// The product's title.
    pub title: String,
    /// The product's category, from the widest.
    pub category: Vec<String>,
    /// What the variant says.
    pub choice: Vec<String>,
    /// The bundle that it is a part of.
    pub bundle_id: Option<BundleId>,
    /// How many.
    pub units: u32,
    /// One piece before any reduction, in minor units.
    pub list_price: Money,
    /// One piece, in minor units.
    pub price: Money,
    /// The flash discount that is in that price; null: none.
    pub flash: Option<Flash>,
    /// Basis points that the tier takes off.
    pub tier: BasisPoints,
    /// What the bundle takes off the line, in minor units.
    pub saving: Money,
    /// Basis points that the member's discount takes off what is left.
    pub member: BasisPoints,
    /// What the line costs, in minor units.
    pub total: Money,
}

/// A basket with its prices.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PriceQuote)]
pub struct Quote {
    /// ISO 4217.
    pub currency: String,
    /// In the basket's order, bundles after single lines, a line for each part.
    pub lines: Vec<Priced>,
    /// All lines together, in minor units.
    pub total: Money,
    /// The tiered promotions that are running: what they do is said when all of an order is known.
    #[serde(skip)]
    pub campaigns: Vec<Campaign>,
}

impl Quote {
    /// What has to be held for it, with a bundle's parts (INV-01, PROD-09).
    pub fn units(&self) -> Vec<Units> {
        let units = self.lines.iter().map(|line| Units {
            variant_id: line.variant_id,
            units: line.units,
        });
        units.collect()
    }
}

/// What a basket costs now whoever asks. Refuses as [`price`] does.
pub async fn quote(app: &App, actor: &Actor, shop: ShopId, basket: &Basket) -> Result<Quote> {
    let mut tx = app.store.begin(shop).await?;
    price(&mut tx, basket, Some(actor.user), app.clock.now()).await
}

/// What a basket costs a customer, or somebody who is no member, in the unit of work that places the order. Refuses with `not_found` what
/// the shop does not have, with `not_on_sale` what is not listed (the field is the variant's or the bundle's id), with
/// `invalid_argument` absurd numbers.
pub async fn price(
    tx: &mut Tx,
    basket: &Basket,
    customer: Option<UserId>,
    now: Timestamp,
) -> Result<Quote> {
    basket.check()?;
    let member = match customer {
        Some(customer) => member::off(tx, customer).await?,
        None => BasisPoints::ZERO,
    };
    let shelf = Shelf::load(tx, basket, now).await?;
    let pieces = shelf.pieces(&basket.lines)?;
    let mut lines = vec![];
    for line in &basket.lines {
        lines.push(shelf.single(*line, &pieces, member)?);
    }
    for line in &basket.bundles {
        lines.extend(shelf.together(line, member)?);
    }
    let (currency, campaigns) = queries::currency_and_campaigns(tx, now).await?;
    Ok(Quote {
        currency,
        total: Money::sum(lines.iter().map(|line| line.total))?,
        lines,
        campaigns,
    })
}

impl Basket {
    fn check(&self) -> Result<()> {
        if !(1..=LINES).contains(&(self.lines.len() + self.bundles.len())) {
            return Err(refused_argument(
                "lines",
                &format!("and bundles are 1 to {LINES}"),
            ));
        }
        let singles = self.lines.iter().map(|line| line.units);
        let mut units = singles.chain(self.bundles.iter().map(|line| line.units));
        if !units.all(|units| (1..=UNITS).contains(&units)) {
            return Err(refused_argument("units", &format!("is 1 to {UNITS}")));
        }
        Ok(())
    }

    fn variants(&self) -> Vec<VariantId> {
        let singles = self.lines.iter().map(|line| line.variant_id);
        let parts = self.bundles.iter().flat_map(|line| &line.variant_ids);
        singles.chain(parts.copied()).collect()
    }
}

/// What is needed to price a basket.
struct Shelf {
    products: HashMap<ProductId, Shelved>,
    variants: HashMap<VariantId, (ProductId, Vec<String>)>,
    bundles: HashMap<BundleId, Bundle>,
}

impl Shelf {
    async fn load(tx: &mut Tx, basket: &Basket, now: Timestamp) -> Result<Self> {
        let variants = queries::products_of(tx, &basket.variants()).await?;
        let ids: Vec<_> = variants.iter().map(|(_, product, _)| *product).collect();
        let products = queries::shelved(tx, &ids, now).await?;
        let ids: Vec<_> = basket.bundles.iter().map(|line| line.bundle_id).collect();
        let bundles = queries::bundles(tx, &ids).await?;
        Ok(Self {
            products: products
                .into_iter()
                .map(|shelved| (shelved.product.id, shelved))
                .collect(),
            variants: variants
                .into_iter()
                .map(|(id, product, choice)| (id, (product, choice)))
                .collect(),
            bundles: bundles
                .into_iter()
                .map(|bundle| (bundle.id, bundle))
                .collect(),
        })
    }

    /// A variant that is on sale.
    fn find(&self, variant: VariantId) -> Result<(&Shelved, &[String])> {
        let (product, choice) = self.variants.get(&variant).ok_or(Refusal::NotFound)?;
        let shelved = self.products.get(product).ok_or(Refusal::NotFound)?;
        if shelved.product.listed {
            Ok((shelved, choice))
        } else {
            Err(off_sale(&variant, &shelved.product.title))
        }
    }

    /// How many pieces of each product are bought singly: what its tiers ask.
    fn pieces(&self, lines: &[Units]) -> Result<BTreeMap<ProductId, u32>> {
        let mut pieces = BTreeMap::new();
        for line in lines {
            let (shelved, _) = self.find(line.variant_id)?;
            *pieces.entry(shelved.product.id).or_default() += line.units;
        }
        Ok(pieces)
    }

    fn single(
        &self,
        line: Units,
        pieces: &BTreeMap<ProductId, u32>,
        member: BasisPoints,
    ) -> Result<Priced> {
        let (shelved, choice) = self.find(line.variant_id)?;
        let product = &shelved.product;
        let tier = product.off_for(pieces.get(&product.id).copied().unwrap_or_default());
        let mut priced = unreduced(product, choice, line);
        (priced.tier, priced.member) = (tier, member);
        (priced.price, priced.flash) = (shelved.price(), shelved.flash.clone());
        Ok(priced.totalled()?)
    }

    /// A line for each part of a bundle; the saving is split by what the parts cost.
    fn together(&self, line: &BundleLine, member: BasisPoints) -> Result<Vec<Priced>> {
        let bundle = self.bundles.get(&line.bundle_id).ok_or(Refusal::NotFound)?;
        let (parts, chosen) = (&bundle.parts, &line.variant_ids);
        if parts.len() != chosen.len() {
            return Err(refused_argument(
                "variant_ids",
                "has one variant for each part of the bundle",
            ));
        }
        let mut lines = vec![];
        for (part, variant) in parts.iter().zip(chosen) {
            let (Shelved { product, .. }, choice) = self.find(*variant)?;
            if product.id != part.product_id {
                return Err(refused_argument(
                    "variant_ids",
                    "are of the parts' products, in the parts' order",
                ));
            }
            let units = part.pieces.checked_mul(line.units).ok_or(TooMuch)?;
            let units = Units {
                variant_id: *variant,
                units,
            };
            lines.push(unreduced(product, choice, units));
        }
        reduce(lines, bundle, line.units, member)
    }
}

/// A line before anything is taken off.
fn unreduced(product: &Product, choice: &[String], line: Units) -> Priced {
    Priced {
        variant_id: line.variant_id,
        product_id: product.id,
        title: product.title.clone(),
        category: product.category.clone(),
        choice: choice.to_vec(),
        bundle_id: None,
        units: line.units,
        list_price: product.list_price,
        price: product.price,
        flash: None,
        tier: BasisPoints::ZERO,
        saving: Money::ZERO,
        member: BasisPoints::ZERO,
        total: Money::ZERO,
    }
}

/// The parts of a bundle with their shares of the saving. One that is not cheaper than its parts any more is not on sale.
fn reduce(
    lines: Vec<Priced>,
    bundle: &Bundle,
    units: u32,
    member: BasisPoints,
) -> Result<Vec<Priced>> {
    let costs = lines
        .iter()
        .map(Priced::unreduced)
        .collect::<Result<Vec<_>, _>>()?;
    let saving = bundle.saving.times(units)?;
    if !bundle.listed || saving >= Money::sum(costs.iter().copied())? {
        return Err(off_sale(&bundle.id, &bundle.title));
    }
    let weights: Vec<u64> = costs
        .iter()
        .map(|cost| cost.in_minor().unsigned_abs())
        .collect();
    let reduced = lines
        .into_iter()
        .zip(saving.split(&weights))
        .map(|(line, saving)| {
            let line = Priced {
                bundle_id: Some(bundle.id),
                saving,
                member,
                ..line
            };
            Ok(line.totalled()?)
        });
    reduced.collect()
}

fn off_sale(id: &impl ToString, title: &str) -> Error {
    refused_because(Refusal::NotOnSale, id, format!("{title} is not on sale."))
}

impl Priced {
    /// All units at their price.
    fn unreduced(&self) -> Result<Money, TooMuch> {
        self.price.times(self.units)
    }

    /// With the total that its reductions leave.
    fn totalled(self) -> Result<Self, TooMuch> {
        let reduced = self.tier.off(self.unreduced()?).minus(self.saving)?;
        Ok(Self {
            total: self.member.off(reduced),
            ..self
        })
    }
}

#[cfg(test)]
mod tests;
