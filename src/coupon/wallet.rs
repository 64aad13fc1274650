//! One's own coupons: usable, used, expired (CPN-11).

use serde::{Deserialize, Serialize};

use super::{Coupon, queries};
use crate::{actor::Customer, app::App, error::Result, id::CouponId, store::page};

/// A part of the wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pocket {
    /// Those that can be used now or later, and those on an order that is not paid yet.
    #[default]
    Usable,
    /// Those that took something off.
    Used,
    /// Those that ended before.
    Expired,
}

/// Coupons, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CouponPage {
    /// The newest first.
    pub coupons: Vec<Coupon>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// A page of a pocket, of all shops. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn wallet(
    app: &App,
    customer: &Customer,
    pocket: Pocket,
    cursor: &str,
    limit: u32,
) -> Result<CouponPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<CouponId> = page::after(cursor)?;
    let (pool, now) = (app.store.pool(), app.clock.now());
    let who = (customer.0.user, customer.0.home);
    let mut coupons = queries::wallet(pool, who, (pocket, now), before, limit + 1).await?;
    let next_cursor = page::next(&mut coupons, limit, |last| last.id);
    Ok(CouponPage {
        coupons: coupons.into_iter().map(|coupon| coupon.at(now)).collect(),
        next_cursor,
    })
}
