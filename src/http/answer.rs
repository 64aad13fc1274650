//! A shop's hours, and what its own bot answers, over REST.

use axum::{Json, extract::State};
use proto::Done;
use serde::Serialize;

use super::{
    at::{OfAnswer, OfShop},
    body::{Body, Named},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Actor, ManageBots, ManageShop, Staff},
    app::App,
    bot::{
        answer::{self, Answer as BotAnswer, NewAnswer},
        hours::{self, Hours, OpenNow},
    },
    id::{AnswerId, ShopId},
};

/// What the bot answers.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Answers {
    answers: Vec<BotAnswer>,
}

/// When somebody answers, and whether that is now.
#[utoipa::path(get, path = "/shops/{shop_id}/service-hours", tag = "shops", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = OpenNow), (status = 404, body = ProblemBody)))]
pub async fn hours(State(app): State<App>, by: Actor, Named(at): Named<OfShop>) -> Answer<OpenNow> {
    Ok(Json(hours::show(&app, &by, at.shop_id).await?))
}

/// Set that.
#[utoipa::path(put, path = "/shops/{shop_id}/service-hours", tag = "shops", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Hours,
    responses((status = 200, body = Hours), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_hours(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(body): Body<Hours>,
) -> Answer<Hours> {
    Ok(Json(hours::set(&app, &by, body).await?))
}

/// The shop is always open.
#[utoipa::path(delete, path = "/shops/{shop_id}/service-hours", tag = "shops", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Done), (status = 403, body = ProblemBody)))]
pub async fn remove_hours(State(app): State<App>, by: Staff<ManageShop>) -> Answer<Done> {
    hours::remove(&app, &by).await?;
    Ok(Json(Done {}))
}

/// Have the shop's own bot answer to a word.
#[utoipa::path(post, path = "/shops/{shop_id}/answers", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewAnswer,
    responses((status = 201, body = BotAnswer), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn add(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Body(new): Body<NewAnswer>,
) -> Created<BotAnswer> {
    Ok(created(answer::add(&app, &by, new).await?))
}

/// The words that it answers to.
#[utoipa::path(get, path = "/shops/{shop_id}/answers", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Answers), (status = 403, body = ProblemBody)))]
pub async fn list(State(app): State<App>, by: Staff<ManageBots>) -> Answer<Answers> {
    let answers = answer::list(&app, &by).await?;
    Ok(Json(Answers { answers }))
}

/// It answers to it no more.
#[utoipa::path(delete, path = "/shops/{shop_id}/answers/{answer_id}", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("answer_id" = AnswerId, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn remove(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Named(at): Named<OfAnswer>,
) -> Answer<Done> {
    answer::remove(&app, &by, at.answer_id).await?;
    Ok(Json(Done {}))
}
