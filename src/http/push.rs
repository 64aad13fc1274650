//! Browsers that are reached while their person is not on the line, over REST.

use axum::{Json, extract::State};
use proto::Done;
use serde::Serialize;

use super::{
    body::Body,
    reply::{Answer, ProblemBody},
};
use crate::{
    account::session::Session,
    actor::Actor,
    app::App,
    push::{
        key,
        subscribe::{self, Subscription},
    },
};

/// What browsers subscribe with.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PushKey {
    /// `applicationServerKey`, in base64url.
    public_key: String,
}

/// The key that a browser subscribes to Web Push with.
#[utoipa::path(get, path = "/push/key", tag = "alerts", security(("token" = [])), responses((status = 200, body = PushKey)))]
pub async fn key(State(app): State<App>, _: Actor) -> Answer<PushKey> {
    let public_key = key::public(&app).await?;
    Ok(Json(PushKey { public_key }))
}

/// From now on this session's browser is reached while I am not on the line, until it logs out: staff with their alerts, customers when something waits
/// for them in a conversation (`new_message`).
#[utoipa::path(put, path = "/me/push", tag = "alerts", security(("token" = [])), request_body = Subscription,
    responses((status = 200, body = Done), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn subscribe(
    State(app): State<App>,
    session: Session,
    Body(asked): Body<Subscription>,
) -> Answer<Done> {
    subscribe::subscribe(&app, &session, &asked).await?;
    Ok(Json(Done {}))
}

/// This session's browser is not reached any more.
#[utoipa::path(delete, path = "/me/push", tag = "alerts", security(("token" = [])), responses((status = 200, body = Done)))]
pub async fn unsubscribe(State(app): State<App>, session: Session) -> Answer<Done> {
    subscribe::unsubscribe(&app, &session).await?;
    Ok(Json(Done {}))
}
