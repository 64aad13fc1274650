//! One more variant of a product, and other words on one.

use serde::Deserialize;
use serde_json::json;

use super::{
    Goods, VARIANTS, Variant,
    create::{check_variants, check_words},
    list, queries,
};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ProductId, VariantId},
    rights,
    stock::{self, open::Opening},
    store::Tx,
};

/// A variant to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVariant {
    /// One word of at most 40 characters for each of the product's options, in their order.
    #[serde(default)]
    pub choice: Vec<String>,
    /// The shop's own number for it, 1 to 64 characters; no two of a shop are the same.
    pub sku: Option<String>,
    /// Units on hand, 0 to 1,000,000,000.
    pub stock: i64,
    /// Alert staff when fewer can be sold.
    pub alert_below: Option<i64>,
}

impl NewVariant {
    pub(super) fn opening(&self) -> Opening {
        Opening {
            on_hand: self.stock,
            alert_below: self.alert_below,
        }
    }
}

/// Adds a variant. Refuses with `not_found`, with `invalid_argument` a choice or an SKU that is another variant's, and with
/// `quota_exceeded` beyond 200.
pub async fn add(
    app: &App,
    by: &Staff<ManageProducts>,
    product: ProductId,
    new: NewVariant,
) -> Result<Goods> {
    let (id, now) = (VariantId::new(), app.clock.now());
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let product = queries::lock(&mut tx, product)
        .await?
        .ok_or(Refusal::NotFound)?;
    check_variants(&product, std::slice::from_ref(&new))?;
    if queries::variants(&mut tx, &[product.id]).await?.len() >= VARIANTS {
        return Err(Refusal::QuotaExceeded.into());
    }
    queries::add_variants(&mut tx, product.id, &[(id, &new)], now).await?;
    stock::open::open(&mut tx, &[(id, new.opening())], by.actor.user, now).await?;
    let after =
        json!({ "variant_id": id, "choice": new.choice, "sku": new.sku, "stock": new.stock });
    let deed = Deed::new(by.actor.user, "product.variant_added", product.id).after(after);
    audit::record(&mut tx, deed, now).await?;
    let variants = goods_of(&mut tx, product.id).await?;
    let goods = list::goods(&mut tx, product.id, variants, now).await?;
    tx.commit().await?;
    Ok(goods)
}

/// What is to be different; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VariantChange {
    /// One word of at most 40 characters for each of the product's options, in their order.
    pub choice: Option<Vec<String>>,
    /// At most 64 characters; empty: none.
    pub sku: Option<String>,
}

/// Changes what a variant says. What is held of it stays held, and orders keep the words that they were placed with.
///
/// Refuses with `not_found`, and with `invalid_argument` a choice or an SKU that is another variant's or out of bounds.
pub async fn change(
    app: &App,
    by: &Staff<ManageProducts>,
    variant: VariantId,
    change: VariantChange,
) -> Result<Goods> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let of = queries::products_of(&mut tx, &[variant]).await?.pop();
    let (_, product, _) = of.ok_or(Refusal::NotFound)?;
    let product = queries::lock(&mut tx, product)
        .await?
        .ok_or(Refusal::NotFound)?;
    let mut variants = goods_of(&mut tx, product.id).await?;
    let found = variants.iter_mut().find(|one| one.id == variant);
    let found = found.ok_or(Refusal::NotFound)?;
    let before = found.clone();
    change.put_on(found);
    let after = found.clone();
    if after != before {
        check_words(&product, &after.choice, after.sku.as_deref())?;
        queries::save_variant(&mut tx, &after).await?;
        let deed = Deed::new(by.actor.user, "product.variant_changed", product.id)
            .before(json!({ "variant_id": variant, "choice": before.choice, "sku": before.sku }))
            .after(json!({ "variant_id": variant, "choice": after.choice, "sku": after.sku }));
        audit::record(&mut tx, deed, app.clock.now()).await?;
    }
    let goods = list::goods(&mut tx, product.id, variants, app.clock.now()).await?;
    tx.commit().await?;
    Ok(goods)
}

impl VariantChange {
    fn put_on(self, variant: &mut Variant) {
        if let Some(choice) = self.choice {
            variant.choice = choice;
        }
        if let Some(sku) = self.sku {
            variant.sku = Some(sku).filter(|sku| !sku.is_empty());
        }
    }
}

async fn goods_of(tx: &mut Tx, product: ProductId) -> Result<Vec<Variant>> {
    let variants = queries::variants(tx, &[product]).await?;
    Ok(variants.into_iter().map(|(_, variant)| variant).collect())
}
