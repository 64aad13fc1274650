//! A shop: the tenant, and its face to everybody.

pub mod change;
pub mod follow;
pub mod link;
pub mod open;
pub mod origins;
pub mod profile;
mod queries;
pub mod welcome;

use serde::Serialize;

use crate::{
    app::App,
    error::{Refusal, Result},
    id::ShopId,
};

/// A shop as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Shop {
    /// Its id.
    pub id: ShopId,
    /// 1 to 100 characters.
    pub name: String,
    /// `uncertified`, `pending`, `certified` or `refused`.
    pub certification: String,
    /// ISO 4217: what its amounts are in, as whole minor units. It stays what it was when the shop was opened.
    pub currency: String,
}

/// A shop. Refuses with `not_found`.
pub async fn show(app: &App, shop: ShopId) -> Result<Shop> {
    let found = queries::shop(app.store.pool(), shop).await?;
    Ok(found.ok_or(Refusal::NotFound)?)
}

/// Is there a shop at all?
pub async fn any(app: &App) -> Result<bool> {
    Ok(queries::any(app.store.pool()).await?)
}
