//! Put something new on the list.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Goods, Product, Shelved, Tier, VARIANTS, list, queries, variant::NewVariant};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{FileId, ProductId, UserId, VariantId},
    media::exhibit::exhibit,
    money::Money,
    rights, stock,
    store::Tx,
    words,
};

/// Products of one shop at most.
const MOST: i64 = 20_000;

/// A product to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// 1 to 120 characters.
    pub title: String,
    /// The path from the widest, 1 to 5 words of at most 30 characters.
    pub category: Vec<String>,
    /// 1 to 10,000 characters.
    pub description: String,
    /// Uploaded pictures; at most 15, at least 3 to be listed. The first is the main picture.
    #[serde(default)]
    pub pictures: Vec<FileId>,
    /// Uploaded pictures that belong to the description; at most 50.
    #[serde(default)]
    pub illustrations: Vec<FileId>,
    /// In minor units of the shop's currency.
    pub list_price: Money,
    /// In minor units; not above `list_price`.
    pub price: Money,
    /// At most 10, of at most 20 characters.
    #[serde(default)]
    pub labels: Vec<String>,
    /// At most 10.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// What variants say, such as size and colour; at most 3. Their number stays as it is.
    #[serde(default)]
    pub options: Vec<String>,
    /// 1 to 200; without options exactly one with an empty choice.
    pub variants: Vec<NewVariant>,
    /// List it at once (PROD-04).
    #[serde(default)]
    pub listed: bool,
}

impl NewProduct {
    /// Checked, and taken apart.
    pub(super) fn check(self) -> Result<(Product, Vec<NewVariant>)> {
        let product = Product {
            id: ProductId::new(),
            title: self.title,
            category: self.category,
            description: self.description,
            pictures: self.pictures,
            illustrations: self.illustrations,
            list_price: self.list_price,
            price: self.price,
            labels: self.labels,
            tiers: self.tiers,
            options: self.options,
            listed: self.listed,
        };
        product.check()?;
        check_variants(&product, &self.variants)?;
        Ok((product, self.variants))
    }
}

/// Refuses variants that are too many, or do not say one word for each option.
pub(super) fn check_variants(product: &Product, variants: &[NewVariant]) -> Result<()> {
    if !(1..=VARIANTS).contains(&variants.len()) {
        return Err(refused_argument(
            "variants",
            &format!("has 1 to {VARIANTS} entries"),
        ));
    }
    for variant in variants {
        check_words(product, &variant.choice, variant.sku.as_deref())?;
        variant.opening().check()?;
    }
    Ok(())
}

/// Refuses a choice that does not say one word for each option, and a number that is too long.
pub(super) fn check_words(product: &Product, choice: &[String], sku: Option<&str>) -> Result<()> {
    let options = product.options.len();
    list("choice", choice, options, options, 40)?;
    sku.map_or(Ok(()), |sku| words::line("sku", sku, 64).map(drop))
}

/// Puts a product on the list. Refuses with `invalid_argument`, with `pictures_missing`, and with `quota_exceeded` beyond 20,000.
pub async fn create(app: &App, by: &Staff<ManageProducts>, new: NewProduct) -> Result<Goods> {
    let (product, variants) = new.check()?;
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    add(&mut tx, &product, &variants, by.actor.user, now).await?;
    let variants = queries::variants(&mut tx, &[product.id]).await?;
    tx.commit().await?;
    let new = Shelved {
        product,
        flash: None,
    };
    let variants = variants.into_iter().map(|(_, variant)| variant);
    Ok(Goods::of(new, variants.collect()))
}

/// The product, its variants, their levels, their pictures in the window, and the row in the record.
pub(super) async fn add(
    tx: &mut Tx,
    product: &Product,
    variants: &[NewVariant],
    by: UserId,
    now: Timestamp,
) -> Result<()> {
    if !queries::add(tx, product, MOST, now).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    exhibit(tx, by, "pictures", &product.shown()).await?;
    let variants: Vec<_> = variants
        .iter()
        .map(|variant| (VariantId::new(), variant))
        .collect();
    queries::add_variants(tx, product.id, &variants, now).await?;
    let openings: Vec<_> = variants
        .iter()
        .map(|(id, variant)| (*id, variant.opening()))
        .collect();
    stock::open::open(tx, &openings, by, now).await?;
    let deed = Deed::new(by, "product.created", product.id).after(product.as_audited());
    audit::record(tx, deed, now).await
}

impl Product {
    pub(super) fn as_audited(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }
}
