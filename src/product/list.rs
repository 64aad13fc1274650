//! The catalogue.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{Goods, Shelved, Variant, queries};
use crate::{
    actor::{Actor, ManageProducts},
    app::App,
    error::{Refusal, Result},
    id::{ProductId, ShopId},
    store::{Tx, page},
};

/// Which products.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those with this label (PROD-05); empty: all.
    pub label: String,
    /// Those below this path; empty: all.
    pub category: Vec<String>,
    /// Those that are not listed, too; takes `manage_products`.
    pub unlisted: bool,
}

/// Products, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProductPage {
    /// The newest first.
    pub products: Vec<Goods>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// A page of a shop's catalogue. Refuses with `forbidden` who may not see what is not listed, and a bad cursor or limit (1 to 100,
/// 0 means 30) with `invalid_argument`.
pub async fn catalogue(
    app: &App,
    actor: &Actor,
    shop: ShopId,
    wanted: &Wanted,
    cursor: &str,
    limit: u32,
) -> Result<ProductPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<ProductId> = page::after(cursor)?;
    if wanted.unlisted {
        actor.staff::<ManageProducts>(shop)?;
    }
    let mut tx = app.store.begin(shop).await?;
    let mut products = queries::page(&mut tx, wanted, before, limit + 1, app.clock.now()).await?;
    let next_cursor = page::next(&mut products, limit, |last| last.product.id);
    Ok(ProductPage {
        products: with_variants(&mut tx, products).await?,
        next_cursor,
    })
}

/// The categories of products, from the widest.
pub(crate) async fn categories(
    tx: &mut Tx,
    products: &[ProductId],
) -> Result<HashMap<ProductId, Vec<String>>> {
    let products = queries::products(tx, products).await?.into_iter();
    Ok(products
        .map(|product| (product.id, product.category))
        .collect())
}

/// A product. Refuses with `not_found`, also what is not listed, except to those who may manage products.
pub async fn show(app: &App, actor: &Actor, shop: ShopId, product: ProductId) -> Result<Goods> {
    let mut tx = app.store.begin(shop).await?;
    let mut found = queries::shelved(&mut tx, &[product], app.clock.now()).await?;
    let sees_all = actor.may(proto::Permission::ManageProducts, shop);
    found.retain(|found| found.product.listed || sees_all);
    let goods = with_variants(&mut tx, found).await?;
    Ok(goods.into_iter().next().ok_or(Refusal::NotFound)?)
}

/// Something that is for sale, and what its amounts are in.
#[derive(Clone, Debug)]
pub struct OnSale {
    /// The product.
    pub goods: Shelved,
    /// ISO 4217.
    pub currency: String,
}

/// A listed product of the unit of work's shop, as it is sold now. Refuses with `not_found`.
pub async fn on_sale(tx: &mut Tx, product: ProductId, now: Timestamp) -> Result<OnSale> {
    let found = queries::shelved(tx, &[product], now).await?.pop();
    Ok(OnSale {
        goods: found
            .filter(|found| found.product.listed)
            .ok_or(Refusal::NotFound)?,
        currency: queries::currency(tx).await?,
    })
}

async fn with_variants(tx: &mut Tx, products: Vec<Shelved>) -> Result<Vec<Goods>> {
    let ids: Vec<_> = products.iter().map(|shelved| shelved.product.id).collect();
    let mut of: HashMap<ProductId, Vec<Variant>> = HashMap::new();
    for (product, variant) in queries::variants(tx, &ids).await? {
        of.entry(product).or_default().push(variant);
    }
    let goods = products.into_iter().map(|shelved| {
        let variants = of.remove(&shelved.product.id);
        Goods::of(shelved, variants.unwrap_or_default())
    });
    Ok(goods.collect())
}

/// A product that was changed, as it is sold now.
pub(super) async fn goods(
    tx: &mut Tx,
    product: ProductId,
    variants: Vec<Variant>,
    now: Timestamp,
) -> Result<Goods> {
    let found = queries::shelved(tx, &[product], now).await?.pop();
    Ok(Goods::of(found.ok_or(Refusal::NotFound)?, variants))
}
