//! How a shop's goods are delivered, over REST.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;

use super::{
    at::{OfCarrier, OfShop},
    body::{Body, Named},
    reply::{Answer, Problem, ProblemBody},
};
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    delivery::{
        carriers::{self, Carrier},
        freight::{self, Freight},
    },
    id::ShopId,
};

/// Who a shop ships with.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Carriers {
    /// By code.
    carriers: Vec<Carrier>,
}

/// The shop's carriers.
#[utoipa::path(get, path = "/shops/{shop_id}/carriers", tag = "delivery", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Carriers)))]
pub async fn carriers(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Carriers> {
    let carriers = carriers::list(&app, &actor, at.shop_id).await?;
    Ok(Json(Carriers { carriers }))
}

/// Add a carrier, or give one another name.
#[utoipa::path(put, path = "/shops/{shop_id}/carriers", tag = "delivery", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Carrier,
    responses((status = 200, body = Carrier), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn put_carrier(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(carrier): Body<Carrier>,
) -> Answer<Carrier> {
    Ok(Json(carriers::put(&app, &by, carrier).await?))
}

/// Ship with a carrier no more.
#[utoipa::path(delete, path = "/shops/{shop_id}/carriers/{code}", tag = "delivery", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("code" = String, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn remove_carrier(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Named(at): Named<OfCarrier>,
) -> Result<StatusCode, Problem> {
    carriers::remove(&app, &by, &at.code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What delivery costs.
#[utoipa::path(get, path = "/shops/{shop_id}/freight", tag = "delivery", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Freight)))]
pub async fn freight(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Freight> {
    Ok(Json(freight::show(&app, &actor, at.shop_id).await?))
}

/// Set what delivery costs.
#[utoipa::path(put, path = "/shops/{shop_id}/freight", tag = "delivery", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Freight,
    responses((status = 200, body = Freight), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_freight(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(freight): Body<Freight>,
) -> Answer<Freight> {
    Ok(Json(freight::set(&app, &by, freight).await?))
}
