//! Promotions, over REST.

use axum::{Json, extract::State};

use super::{
    at::OfPromotion,
    body::{Asked, Body, Named, PageOf},
    order_deed::Empty,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Actor, ManageCampaigns, Staff},
    app::App,
    id::{PromotionId, ShopId},
    promotion::{
        Promotion,
        change::{self, Change},
        create::{self, NewPromotion},
        list::{self, PromotionPage},
        show::{self, Landing},
    },
};

/// Lay down a promotion: it begins and ends by itself.
#[utoipa::path(post, path = "/shops/{shop_id}/promotions", tag = "promotions", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewPromotion,
    responses((status = 201, body = Promotion), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<NewPromotion>,
) -> Created<Promotion> {
    Ok(created(create::create(&app, &by, new).await?))
}

/// The shop's promotions, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/promotions", tag = "promotions", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = PromotionPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Asked(of): Asked<PageOf>,
) -> Answer<PromotionPage> {
    Ok(Json(list::all(&app, &by, &of.cursor, of.limit).await?))
}

/// A promotion as it was laid down.
#[utoipa::path(get, path = "/shops/{shop_id}/promotions/{promotion_id}", tag = "promotions", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("promotion_id" = PromotionId, Path)),
    responses((status = 200, body = Promotion), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfPromotion>,
) -> Answer<Promotion> {
    Ok(Json(show::show(&app, &by, at.promotion_id).await?))
}

/// Change what may still be changed: all of it before it begins, then its name, and its end to a later one.
#[utoipa::path(patch, path = "/shops/{shop_id}/promotions/{promotion_id}", tag = "promotions", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("promotion_id" = PromotionId, Path)), request_body = Change,
    responses((status = 200, body = Promotion), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfPromotion>,
    Body(change): Body<Change>,
) -> Answer<Promotion> {
    Ok(Json(
        change::change(&app, &by, at.promotion_id, change).await?,
    ))
}

/// End it now, for good.
#[utoipa::path(post, path = "/shops/{shop_id}/promotions/{promotion_id}/stop", tag = "promotions", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("promotion_id" = PromotionId, Path)), request_body = Empty,
    responses((status = 200, body = Promotion), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn stop(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfPromotion>,
    Body(Empty {}): Body<Empty>,
) -> Answer<Promotion> {
    Ok(Json(change::stop(&app, &by, at.promotion_id).await?))
}

/// The page of a promotion, for everybody: not started, running with what it does, or ended.
#[utoipa::path(get, path = "/shops/{shop_id}/promotions/{promotion_id}/page", tag = "promotions", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("promotion_id" = PromotionId, Path)),
    responses((status = 200, body = Landing), (status = 404, body = ProblemBody)))]
pub async fn landing(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfPromotion>,
) -> Answer<Landing> {
    let landing = show::landing(&app, &actor, at.shop_id, at.promotion_id).await?;
    Ok(Json(landing))
}
