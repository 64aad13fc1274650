//! How a shop deals with orders.

use axum::{Json, extract::State};

use super::{
    at::OfShop,
    body::{Body, Named},
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    id::ShopId,
    order::rules::{self, Rules, RulesChange},
};

/// How the shop deals with orders.
#[utoipa::path(get, path = "/shops/{shop_id}/order-rules", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Rules)))]
pub async fn rules(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Rules> {
    Ok(Json(rules::show(&app, &actor, at.shop_id).await?))
}

/// Change how the shop deals with orders.
#[utoipa::path(patch, path = "/shops/{shop_id}/order-rules", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = RulesChange,
    responses((status = 200, body = Rules), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change_rules(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(change): Body<RulesChange>,
) -> Answer<Rules> {
    Ok(Json(rules::change(&app, &by, change).await?))
}
