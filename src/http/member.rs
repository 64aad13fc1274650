//! A shop's members, over REST.

use axum::{Json, extract::State};

use super::{
    at::{OfShop, OfUser},
    body::{Body, Named},
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::{Actor, ManageCampaigns, Staff},
    app::App,
    id::{ShopId, UserId},
    member::{self, Membership},
};

/// What one is to a shop oneself.
#[utoipa::path(get, path = "/shops/{shop_id}/membership", tag = "members", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Membership)))]
pub async fn mine(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Membership> {
    Ok(Json(member::mine(&app, &actor, at.shop_id).await?))
}

/// What a customer is to the shop.
#[utoipa::path(get, path = "/shops/{shop_id}/members/{user_id}", tag = "members", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, body = Membership), (status = 403, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfUser>,
) -> Answer<Membership> {
    Ok(Json(member::show(&app, &by, at.user_id).await?))
}

/// Make a customer a member, or change what they get off everything; 0 ends it.
#[utoipa::path(put, path = "/shops/{shop_id}/members/{user_id}", tag = "members", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)), request_body = Membership,
    responses((status = 200, body = Membership), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn grant(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfUser>,
    Body(membership): Body<Membership>,
) -> Answer<Membership> {
    let granted = member::grant::grant(&app, &by, at.user_id, membership).await?;
    Ok(Json(granted))
}
