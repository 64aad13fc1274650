//! One more variant of a product.

use serde::Deserialize;

use super::{Goods, VARIANTS, create::check_variants, queries};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ProductId, VariantId},
    rights,
    stock::{self, open::Opening},
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
    let after = serde_json::json!({ "variant_id": id, "choice": new.choice, "sku": new.sku, "stock": new.stock });
    let deed = Deed::new(by.actor.user, "product.variant_added", product.id).after(after);
    audit::record(&mut tx, deed, now).await?;
    let variants = queries::variants(&mut tx, &[product.id]).await?;
    tx.commit().await?;
    Ok(Goods {
        product,
        variants: variants.into_iter().map(|(_, variant)| variant).collect(),
    })
}
