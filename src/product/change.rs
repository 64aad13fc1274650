//! Change a product; list it, take it off the shelf.

use serde::Deserialize;

use super::{Product, Tier, queries};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{FileId, ProductId},
    media::exhibit::exhibit,
    money::Money,
    rights,
};

/// What is to be different; what is missing stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = ProductChange)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// 1 to 120 characters.
    pub title: Option<String>,
    /// 1 to 5 words.
    pub category: Option<Vec<String>>,
    /// 1 to 10,000 characters.
    pub description: Option<String>,
    /// At most 15, at least 3 while it is listed.
    pub pictures: Option<Vec<FileId>>,
    /// At most 50.
    pub illustrations: Option<Vec<FileId>>,
    /// In minor units.
    pub list_price: Option<Money>,
    /// In minor units; not above `list_price`.
    pub price: Option<Money>,
    /// At most 10.
    pub labels: Option<Vec<String>>,
    /// At most 10.
    pub tiers: Option<Vec<Tier>>,
    /// Other names for what its variants say; as many as before, for each variant has a word for each.
    pub options: Option<Vec<String>>,
    /// Customers see it, or do not.
    pub listed: Option<bool>,
}

impl Change {
    fn of(self, before: &Product) -> Product {
        let before = before.clone();
        Product {
            id: before.id,
            title: self.title.unwrap_or(before.title),
            category: self.category.unwrap_or(before.category),
            description: self.description.unwrap_or(before.description),
            pictures: self.pictures.unwrap_or(before.pictures),
            illustrations: self.illustrations.unwrap_or(before.illustrations),
            list_price: self.list_price.unwrap_or(before.list_price),
            price: self.price.unwrap_or(before.price),
            labels: self.labels.unwrap_or(before.labels),
            tiers: self.tiers.unwrap_or(before.tiers),
            options: self.options.unwrap_or(before.options),
            listed: self.listed.unwrap_or(before.listed),
        }
    }
}

/// Changes a product. Orders keep what they were placed with. Refuses as [`create`](super::create::create) does, and with `not_found`.
pub async fn change(
    app: &App,
    by: &Staff<ManageProducts>,
    product: ProductId,
    change: Change,
) -> Result<Product> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let before = queries::lock(&mut tx, product)
        .await?
        .ok_or(Refusal::NotFound)?;
    let after = change.of(&before);
    if after == before {
        return Ok(after);
    }
    after.check()?;
    if after.options.len() != before.options.len() {
        return Err(refused_argument("options", "are as many as before"));
    }
    exhibit(&mut tx, by.actor.user, "pictures", &after.shown()).await?;
    queries::save(&mut tx, &after).await?;
    let deed = Deed::new(by.actor.user, action(&before, &after), product)
        .before(before.as_audited())
        .after(after.as_audited());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(after)
}

fn action(before: &Product, after: &Product) -> &'static str {
    match (before.listed, after.listed) {
        (false, true) => "product.listed",
        (true, false) => "product.delisted",
        _ => "product.changed",
    }
}
