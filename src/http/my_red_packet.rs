//! Red packets, as the people of their groups see them, and what shops owe them.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use proto::RedPacketShare;

use super::{
    at::OfRedPacket,
    body::{Asked, Body, Named, PageOf},
    order_deed::Empty,
    reply::{Answer, Created, Problem, ProblemBody, created},
};
use crate::{
    actor::{Actor, Customer},
    app::App,
    id::RedPacketId,
    red_packet::{
        file::PacketFile,
        pay_out::{self, MyBalancePage},
        show::{self, Shown, TakenPage},
        take,
    },
};

/// What one has taken out of red packets, the newest first.
#[utoipa::path(get, path = "/red-packets", tag = "my red packets", security(("token" = [])), params(PageOf),
    responses((status = 200, body = TakenPage), (status = 422, body = ProblemBody)))]
pub async fn mine(
    State(app): State<App>,
    customer: Customer,
    Asked(of): Asked<PageOf>,
) -> Answer<TakenPage> {
    Ok(Json(
        show::mine(&app, &customer, &of.cursor, of.limit).await?,
    ))
}

/// A red packet in one's group, with one's own share.
#[utoipa::path(get, path = "/red-packets/{red_packet_id}", tag = "my red packets", security(("token" = [])),
    params(("red_packet_id" = RedPacketId, Path)),
    responses((status = 200, body = Shown), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfRedPacket>,
) -> Answer<Shown> {
    Ok(Json(show::show(&app, &actor, at.red_packet_id).await?))
}

/// Take a share; again gives the same one.
#[utoipa::path(post, path = "/red-packets/{red_packet_id}/take", tag = "my red packets", security(("token" = [])),
    params(("red_packet_id" = RedPacketId, Path)), request_body = Empty,
    responses((status = 201, body = RedPacketShare), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn take(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfRedPacket>,
    Body(Empty {}): Body<Empty>,
) -> Created<RedPacketShare> {
    Ok(created(
        take::take(&app, &customer, at.red_packet_id).await?,
    ))
}

/// The file that it can be checked by, byte for byte (`souk verify-packet`).
#[utoipa::path(get, path = "/red-packets/{red_packet_id}/file", tag = "my red packets", security(("token" = [])),
    params(("red_packet_id" = RedPacketId, Path)),
    responses((status = 200, body = PacketFile), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn file(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfRedPacket>,
) -> Result<Response, Problem> {
    let text = show::file(&app, &actor, at.red_packet_id).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// What shops owe one.
#[utoipa::path(get, path = "/balances", tag = "my red packets", security(("token" = [])), params(PageOf),
    responses((status = 200, body = MyBalancePage), (status = 422, body = ProblemBody)))]
pub async fn balances(
    State(app): State<App>,
    customer: Customer,
    Asked(of): Asked<PageOf>,
) -> Answer<MyBalancePage> {
    Ok(Json(
        pay_out::mine(&app, &customer, &of.cursor, of.limit).await?,
    ))
}
