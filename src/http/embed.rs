//! A shop's chat in a frame: which sites may show it, over REST; the page that they show.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};

use super::{
    at::OfShop,
    body::{Body, Named},
    pages,
    reply::{Answer, Problem, ProblemBody},
};
use crate::{
    actor::{ManageShop, Staff},
    app::App,
    id::ShopId,
    shop::origins::{self, EmbedOrigins},
};

/// The sites that may show the shop's chat in a frame.
#[utoipa::path(get, path = "/shops/{shop_id}/embed-origins", tag = "embedding", security(("token" = [])),
    params(("shop_id" = ShopId, Path)),
    responses((status = 200, body = EmbedOrigins), (status = 403, body = ProblemBody)))]
pub async fn list(State(app): State<App>, by: Staff<ManageShop>) -> Answer<EmbedOrigins> {
    Ok(Json(origins::show(&app, &by).await?))
}

/// Set the sites that may show the shop's chat in a frame.
#[utoipa::path(put, path = "/shops/{shop_id}/embed-origins", tag = "embedding", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = EmbedOrigins,
    responses((status = 200, body = EmbedOrigins), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(wanted): Body<EmbedOrigins>,
) -> Answer<EmbedOrigins> {
    Ok(Json(origins::set(&app, &by, &wanted).await?))
}

/// `GET /embed/{shop_id}`: the chat with a shop, for frames of the shop's own sites and of nobody else.
pub async fn page(
    State(app): State<App>,
    Named(at): Named<OfShop>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let framers = origins::framers(&app, at.shop_id).await?;
    Ok(pages::framed(&asked, &framers).into_response())
}
