//! Coupons, as customers claim and keep them.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    at::{OfCouponTemplate, OfGift, OfShop},
    body::{Asked, Body, Named, PageOf},
    order_deed::Empty,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::Customer,
    app::App,
    coupon::{
        Coupon, claim, code,
        list::{self, OfferPage},
        press,
        wallet::{self, CouponPage, Pocket},
    },
    id::{CouponTemplateId, GiftId, ShopId},
};

/// Which part of the wallet.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct PocketOf {
    /// `usable`, `used` or `expired`.
    #[param(inline)]
    state: Pocket,
    /// `next_cursor` of the page before; empty: the first page.
    cursor: String,
    /// 1 to 100; 0: 30.
    limit: u32,
}

/// A code, as it was read somewhere.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidCode {
    code: String,
}

/// What can be claimed in a shop, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/coupons", tag = "my coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = OfferPage), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn offers(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfShop>,
    Asked(of): Asked<PageOf>,
) -> Answer<OfferPage> {
    Ok(Json(
        list::offers(&app, &customer, at.shop_id, &of.cursor, of.limit).await?,
    ))
}

/// Claim one in the shop.
#[utoipa::path(post, path = "/shops/{shop_id}/coupon-templates/{template_id}/claim", tag = "my coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = CouponTemplateId, Path)), request_body = Empty,
    responses((status = 201, body = Coupon), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn claim(
    State(app): State<App>,
    customer: Customer,
    Named(shop): Named<OfShop>,
    Named(at): Named<OfCouponTemplate>,
    Body(Empty {}): Body<Empty>,
) -> Created<Coupon> {
    Ok(created(
        claim::in_shop(&app, &customer, shop.shop_id, at.template_id).await?,
    ))
}

/// Claim one by a code.
#[utoipa::path(post, path = "/shops/{shop_id}/coupon-codes/claim", tag = "my coupons", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = SaidCode,
    responses((status = 201, body = Coupon), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn claim_by_code(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfShop>,
    Body(said): Body<SaidCode>,
) -> Created<Coupon> {
    Ok(created(
        code::claim(&app, &customer, at.shop_id, &said.code).await?,
    ))
}

/// Claim one of a gift in a conversation; again gives the same one.
#[utoipa::path(post, path = "/coupon-gifts/{gift_id}/claim", tag = "my coupons", security(("token" = [])),
    params(("gift_id" = GiftId, Path)), request_body = Empty,
    responses((status = 201, body = Coupon), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn claim_gift(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfGift>,
    Body(Empty {}): Body<Empty>,
) -> Created<Coupon> {
    Ok(created(press::press(&app, &customer, at.gift_id).await?))
}

/// One's own coupons, the newest first.
#[utoipa::path(get, path = "/coupons", tag = "my coupons", security(("token" = [])), params(PocketOf),
    responses((status = 200, body = CouponPage), (status = 422, body = ProblemBody)))]
pub async fn wallet(
    State(app): State<App>,
    customer: Customer,
    Asked(of): Asked<PocketOf>,
) -> Answer<CouponPage> {
    Ok(Json(
        wallet::wallet(&app, &customer, of.state, &of.cursor, of.limit).await?,
    ))
}
