//! What is done before a claim, by customers and their friends; and claims that look made up, for staff.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    at::{OfClaimBatch, OfCouponHelp, OfCouponTemplate, OfShop},
    body::{Asked, Body, Named, PageOf},
    order_deed::Empty,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Customer, ManageCampaigns, Staff},
    app::App,
    coupon::{
        batch::{self, Batch, ClaimBatchPage},
        help::{self, Help, Plea},
        task::{self, Progress},
        watch::{self, Watch},
    },
    id::{ClaimBatchId, CouponTemplateId, ShopId},
};

/// What staff make of it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimDecision)]
pub struct Decision {
    /// What is held can be used; otherwise it stays held until it ends.
    release: bool,
}

/// Say that one looks around in the shop, every 20 seconds or so while one does.
#[utoipa::path(put, path = "/shops/{shop_id}/coupon-templates/{template_id}/browsing", tag = "my coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)), request_body = Empty,
    responses((status = 200, body = Progress), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn browse(
    State(app): State<App>,
    customer: Customer,
    Named(shop): Named<OfShop>,
    Named(at): Named<OfCouponTemplate>,
    Body(Empty {}): Body<Empty>,
) -> Answer<Progress> {
    Ok(Json(
        task::browse(&app, &customer, shop.shop_id, at.template_id).await?,
    ))
}

/// What one has done of what is to be done before a claim.
#[utoipa::path(get, path = "/shops/{shop_id}/coupon-templates/{template_id}/progress", tag = "my coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)),
    responses((status = 200, body = Progress), (status = 404, body = ProblemBody)))]
pub async fn progress(
    State(app): State<App>,
    customer: Customer,
    Named(shop): Named<OfShop>,
    Named(at): Named<OfCouponTemplate>,
) -> Answer<Progress> {
    Ok(Json(
        task::show(&app, &customer, shop.shop_id, at.template_id).await?,
    ))
}

/// Ask friends for help: gives the code to pass on, always the same.
#[utoipa::path(post, path = "/shops/{shop_id}/coupon-templates/{template_id}/help", tag = "my coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)), request_body = Empty,
    responses((status = 201, body = Plea), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn ask_for_help(
    State(app): State<App>,
    customer: Customer,
    Named(shop): Named<OfShop>,
    Named(at): Named<OfCouponTemplate>,
    Body(Empty {}): Body<Empty>,
) -> Created<Plea> {
    Ok(created(
        help::ask(&app, &customer, shop.shop_id, at.template_id).await?,
    ))
}

/// Help a friend to a coupon.
#[utoipa::path(post, path = "/coupon-helps/{help_code}", tag = "my coupons", security(("token" = [])),
    params(("help_code" = String, Path)), request_body = Empty,
    responses((status = 200, body = Help), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn help(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfCouponHelp>,
    Body(Empty {}): Body<Empty>,
) -> Answer<Help> {
    Ok(Json(help::help(&app, &customer, &at.help_code).await?))
}

/// When claims are abnormal in the shop, and what is done then.
#[utoipa::path(get, path = "/shops/{shop_id}/claim-watch", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Watch), (status = 403, body = ProblemBody)))]
pub async fn show_watch(State(app): State<App>, by: Staff<ManageCampaigns>) -> Answer<Watch> {
    Ok(Json(watch::show(&app, &by).await?))
}

/// Set it.
#[utoipa::path(put, path = "/shops/{shop_id}/claim-watch", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Watch,
    responses((status = 200, body = Watch), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_watch(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<Watch>,
) -> Answer<Watch> {
    Ok(Json(watch::set(&app, &by, new).await?))
}

/// Coupons that many young accounts claimed together, the newest batch first.
#[utoipa::path(get, path = "/shops/{shop_id}/claim-batches", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = ClaimBatchPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn batches(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Asked(of): Asked<PageOf>,
) -> Answer<ClaimBatchPage> {
    Ok(Json(batch::list(&app, &by, &of.cursor, of.limit).await?))
}

/// Let go what is held, or leave it held until it ends: once.
#[utoipa::path(post, path = "/shops/{shop_id}/claim-batches/{batch_id}/decide", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("batch_id" = ClaimBatchId, Path)), request_body = Decision,
    responses((status = 200, body = Batch), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn decide(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfClaimBatch>,
    Body(decision): Body<Decision>,
) -> Answer<Batch> {
    Ok(Json(
        batch::decide(&app, &by, at.batch_id, decision.release).await?,
    ))
}
