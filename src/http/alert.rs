//! A shop's alerts over REST, and everybody's choice of them.

use axum::{Json, extract::State};
use proto::{AlertKind, AlertsRead};
use serde::{Deserialize, Serialize};

use super::{
    at::OfShop,
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::Actor,
    alert::{
        self,
        list::{self, AlertPage},
    },
    app::App,
    id::{AlertId, ShopId},
};

/// Alerts that are shown.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertChoice {
    #[schema(value_type = Vec<AlertKind>)]
    wanted: Vec<String>,
}

/// How far alerts are read.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertsReadTo {
    /// This one and all before it.
    up_to: AlertId,
}

/// A shop's alerts of the kinds that I want and by my rights may see, newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/alerts", tag = "alerts", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf), responses((status = 200, body = AlertPage), (status = 403, body = ProblemBody)))]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
    Asked(page): Asked<PageOf>,
) -> Answer<AlertPage> {
    Ok(Json(
        list::list(&app, &actor, at.shop_id, &page.cursor, page.limit).await?,
    ))
}

/// I have read this alert of the shop and all before it. Never goes back.
#[utoipa::path(put, path = "/shops/{shop_id}/alerts/read", tag = "alerts", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = AlertsReadTo,
    responses((status = 200, body = AlertsRead), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn mark_read(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
    Body(to): Body<AlertsReadTo>,
) -> Answer<AlertsRead> {
    Ok(Json(
        alert::read::mark_read(&app, &actor, at.shop_id, to.up_to).await?,
    ))
}

/// The alerts that I am shown.
#[utoipa::path(get, path = "/me/alerts", tag = "alerts", security(("token" = [])), responses((status = 200, body = AlertChoice)))]
pub async fn chosen(State(app): State<App>, actor: Actor) -> Answer<AlertChoice> {
    let wanted = alert::choose::wanted(&app, actor.user).await?;
    Ok(Json(AlertChoice { wanted }))
}

/// Choose the alerts that I am shown, on all devices from now on.
#[utoipa::path(put, path = "/me/alerts", tag = "alerts", security(("token" = [])), request_body = AlertChoice,
    responses((status = 200, body = AlertChoice), (status = 422, body = ProblemBody)))]
pub async fn choose(
    State(app): State<App>,
    actor: Actor,
    Body(body): Body<AlertChoice>,
) -> Answer<AlertChoice> {
    let wanted = alert::choose::choose(&app, &actor, &body.wanted).await?;
    Ok(Json(AlertChoice { wanted }))
}
