//! Open a shop.

use super::{Shop, queries};
use crate::{
    actor::Merchant,
    app::App,
    audit::{self, Deed},
    error::Result,
    id::ShopId,
    money::Currency,
    staff, words,
};

/// Opens a shop with the merchant as its owner; its amounts are in this currency for good. Refuses a bad name with `invalid_argument`.
pub async fn open(
    app: &App,
    merchant: &Merchant,
    wanted: &str,
    currency: Currency,
) -> Result<Shop> {
    let (shop, owner, now) = (ShopId::new(), merchant.0.user, app.clock.now());
    let name = words::name("name", wanted)?;
    let mut tx = app.store.begin(shop).await?;
    let shop = queries::add(&mut tx, shop, name, currency, now).await?;
    staff::found(&mut tx, owner, now).await?;
    let after = serde_json::json!({ "name": shop.name, "currency": shop.currency });
    let deed = Deed::new(owner, "shop.opened", shop.id).after(after);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(shop)
}
