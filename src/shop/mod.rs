//! A shop: the tenant, and its face to everybody.

pub mod change;
pub mod open;
mod queries;

use serde::Serialize;

use crate::{
    app::App,
    error::{Refusal, Result, refused_argument},
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
}

/// A shop. Refuses with `not_found`.
pub async fn show(app: &App, shop: ShopId) -> Result<Shop> {
    let found = queries::shop(app.store.pool(), shop).await?;
    Ok(found.ok_or(Refusal::NotFound)?)
}

/// A name that a shop may have. Refuses with `invalid_argument`.
fn name(text: &str) -> Result<&str> {
    let name = text.trim();
    if !(1..=100).contains(&name.chars().count()) || name.contains('\0') {
        return Err(refused_argument("name", "has 1 to 100 characters"));
    }
    Ok(name)
}
