//! Lotteries, as the people of their groups see them.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use proto::DrawReceipt;
use serde::Deserialize;

use super::{
    at::OfDraw,
    body::{Body, Named},
    reply::{Answer, Created, Problem, ProblemBody, created},
};
use crate::{
    actor::{Actor, Customer},
    app::App,
    id::DrawId,
    lottery::{
        enter,
        file::DrawFile,
        show::{self, Shown},
    },
};

/// What one throws in.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Throw {
    /// 16 to 64 digits of lower-case hexadecimal that nobody could know before; empty: nothing.
    nonce: String,
}

/// A lottery in one's group, with one's own receipt.
#[utoipa::path(get, path = "/draws/{draw_id}", tag = "my lotteries", security(("token" = [])),
    params(("draw_id" = DrawId, Path)),
    responses((status = 200, body = Shown), (status = 404, body = ProblemBody)))]
pub async fn show(State(app): State<App>, actor: Actor, Named(at): Named<OfDraw>) -> Answer<Shown> {
    Ok(Json(show::show(&app, &actor, at.draw_id).await?))
}

/// Take part; again gives the same receipt.
#[utoipa::path(post, path = "/draws/{draw_id}/enter", tag = "my lotteries", security(("token" = [])),
    params(("draw_id" = DrawId, Path)), request_body = Throw,
    responses((status = 201, body = DrawReceipt), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn enter(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfDraw>,
    Body(throw): Body<Throw>,
) -> Created<DrawReceipt> {
    Ok(created(
        enter::enter(&app, &customer, at.draw_id, &throw.nonce).await?,
    ))
}

/// The file that it can be checked by, byte for byte (`souk verify-draw`).
#[utoipa::path(get, path = "/draws/{draw_id}/file", tag = "my lotteries", security(("token" = [])),
    params(("draw_id" = DrawId, Path)),
    responses((status = 200, body = DrawFile), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn file(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfDraw>,
) -> Result<Response, Problem> {
    let text = show::file(&app, &actor, at.draw_id).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
