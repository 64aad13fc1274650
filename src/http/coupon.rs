//! Coupons, as the shop issues and gives them.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    at::OfCouponTemplate,
    body::{Asked, Body, Named, PageOf},
    order_deed::Empty,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{GiveCoupons, ManageCampaigns, Staff},
    app::App,
    coupon::{
        Gift, Template,
        change::{self, Change},
        code::{self, ClaimCode},
        create::{self, NewTemplate},
        give::{self, NewGift},
        list::{self, TemplatePage},
        report::{self, Report},
    },
    id::{CouponTemplateId, ShopId},
};

/// For whom it is published.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// For the listed testers only.
    #[serde(default)]
    on_trial: bool,
}

/// A code to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCode {
    /// It is good for so many hours, 1 to 8,784.
    hours: u32,
}

/// Lay down the terms of new coupons: a draft.
#[utoipa::path(post, path = "/shops/{shop_id}/coupon-templates", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewTemplate,
    responses((status = 201, body = Template), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<NewTemplate>,
) -> Created<Template> {
    Ok(created(create::create(&app, &by, new).await?))
}

/// The shop's templates, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/coupon-templates", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = TemplatePage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Asked(of): Asked<PageOf>,
) -> Answer<TemplatePage> {
    Ok(Json(list::all(&app, &by, &of.cursor, of.limit).await?))
}

/// A template with what has become of its coupons, beside what they are for.
#[utoipa::path(get, path = "/shops/{shop_id}/coupon-templates/{template_id}", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)),
    responses((status = 200, body = Report), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfCouponTemplate>,
) -> Answer<Report> {
    Ok(Json(report::report(&app, &by, at.template_id).await?))
}

/// Change what may still be changed.
#[utoipa::path(patch, path = "/shops/{shop_id}/coupon-templates/{template_id}", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)), request_body = Change,
    responses((status = 200, body = Template), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfCouponTemplate>,
    Body(change): Body<Change>,
) -> Answer<Template> {
    Ok(Json(
        change::change(&app, &by, at.template_id, change).await?,
    ))
}

/// Let people claim them.
#[utoipa::path(post, path = "/shops/{shop_id}/coupon-templates/{template_id}/publish", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)), request_body = Publication,
    responses((status = 200, body = Template), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn publish(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfCouponTemplate>,
    Body(publication): Body<Publication>,
) -> Answer<Template> {
    Ok(Json(
        change::publish(&app, &by, at.template_id, publication.on_trial).await?,
    ))
}

/// Stop issuing them; what is in wallets stays there.
#[utoipa::path(post, path = "/shops/{shop_id}/coupon-templates/{template_id}/end", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)), request_body = Empty,
    responses((status = 200, body = Template), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn end(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfCouponTemplate>,
    Body(Empty {}): Body<Empty>,
) -> Answer<Template> {
    Ok(Json(change::end(&app, &by, at.template_id).await?))
}

/// Make a code to claim one by.
#[utoipa::path(post, path = "/shops/{shop_id}/coupon-templates/{template_id}/codes", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)), request_body = NewCode,
    responses((status = 201, body = ClaimCode), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn issue_code(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfCouponTemplate>,
    Body(new): Body<NewCode>,
) -> Created<ClaimCode> {
    Ok(created(
        code::issue(&app, &by, at.template_id, new.hours).await?,
    ))
}

/// Give one to a customer in their conversation, or some to a group.
#[utoipa::path(post, path = "/shops/{shop_id}/coupon-gifts", tag = "coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewGift,
    responses((status = 201, body = Gift), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn give(
    State(app): State<App>,
    by: Staff<GiveCoupons>,
    Body(new): Body<NewGift>,
) -> Created<Gift> {
    Ok(created(give::give(&app, &by, new).await?))
}
