//! Shops over REST.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    body::{Body, Named},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Actor, ManageShop, Merchant, Staff},
    app::App,
    id::ShopId,
    money::Currency,
    shop::{self, Shop},
};

/// What a shop is called.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopName {
    /// 1 to 100 characters.
    name: String,
}

/// A shop to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShop {
    /// 1 to 100 characters.
    name: String,
    /// ISO 4217, for good.
    #[serde(default = "yuan")]
    #[schema(default = "CNY")]
    currency: String,
}

fn yuan() -> String {
    "CNY".to_owned()
}

/// Open a shop; merchant accounts only.
#[utoipa::path(post, path = "/shops", tag = "shops", security(("token" = [])), request_body = NewShop,
    responses((status = 201, body = Shop), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn open(
    State(app): State<App>,
    merchant: Merchant,
    Body(body): Body<NewShop>,
) -> Created<Shop> {
    let currency = Currency::parse(&body.currency)?;
    Ok(created(
        shop::open::open(&app, &merchant, &body.name, currency).await?,
    ))
}

/// A shop as everybody sees it.
#[utoipa::path(get, path = "/shops/{shop_id}", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    responses((status = 200, body = Shop), (status = 404, body = ProblemBody)))]
pub async fn show(State(app): State<App>, _: Actor, Named(shop): Named<ShopId>) -> Answer<Shop> {
    Ok(Json(shop::show(&app, shop).await?))
}

/// Rename a shop.
#[utoipa::path(patch, path = "/shops/{shop_id}", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    request_body = ShopName, responses((status = 200, body = Shop), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(body): Body<ShopName>,
) -> Answer<Shop> {
    Ok(Json(shop::change::rename(&app, &by, &body.name).await?))
}
