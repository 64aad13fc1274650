//! Friends help somebody to a coupon (CPN-17): whoever wants one has a code to pass on, and whoever says it has helped. Each helps once
//! for a template, nobody themselves, and no account that was used on the same device (RISK-02).
//!
//! Whatever is wrong with a code or with who says it is refused alike, so that nobody finds out whose account is used on which device.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use super::{list::require_at_home, queries, task};
use crate::{
    actor::Customer,
    app::App,
    error::{Refusal, Result},
    id::{CouponTemplateId, ShopId, UserId},
};

/// What somebody passes on to their friends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CouponPlea)]
pub struct Plea {
    /// 22 letters, digits, `_` and `-`; always the same one.
    pub code: String,
    /// Friends who have helped.
    pub helped: i64,
    /// Of so many.
    pub helpers: i32,
}

/// What somebody has helped to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CouponHelp)]
pub struct Help {
    /// Where.
    pub shop_id: ShopId,
    /// To which coupons.
    pub template_id: CouponTemplateId,
    /// Friends who have helped, this one included.
    pub helped: i64,
}

/// Whom a code helps, and to what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub shop: ShopId,
    pub template: CouponTemplateId,
    pub customer: UserId,
}

/// Gives the customer's code for a template. Refuses with `not_found` coupons that are not there, or that need no help.
pub async fn ask(
    app: &App,
    customer: &Customer,
    shop: ShopId,
    template: CouponTemplateId,
) -> Result<Plea> {
    require_at_home(&customer.0, shop)?;
    app.sends.take(customer.0.user)?;
    let mut tx = app.store.begin(shop).await?;
    let template = task::claimable(&mut tx, template).await?;
    let helpers = template.conditions.helpers.ok_or(Refusal::NotFound)?;
    let (user, now) = (customer.0.user, app.clock.now());
    let new = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
    let code = queries::plea(&mut tx, template.id, user, &new, now).await?;
    let helped = queries::done(&mut tx, template.id, user, now).await?.helped;
    tx.commit().await?;
    Ok(Plea {
        code,
        helped,
        helpers,
    })
}

/// Helps whoever passed the code on; again changes nothing. Refuses with `coupon_help_invalid`, whatever is wrong.
pub async fn help(app: &App, customer: &Customer, code: &str) -> Result<Help> {
    app.sends.take(customer.0.user)?;
    let asked = queries::asked(app.store.pool(), code).await?;
    let asked = asked.filter(|asked| require_at_home(&customer.0, asked.shop).is_ok());
    let asked = asked.ok_or(Refusal::CouponHelpInvalid)?;
    let (mut tx, now) = (app.store.begin(asked.shop).await?, app.clock.now());
    queries::add_help(&mut tx, &asked, customer.0.user, now).await?;
    if !queries::has_helped(&mut tx, &asked, customer.0.user).await? {
        return Err(Refusal::CouponHelpInvalid.into());
    }
    let done = queries::done(&mut tx, asked.template, asked.customer, now).await?;
    tx.commit().await?;
    Ok(Help {
        shop_id: asked.shop,
        template_id: asked.template,
        helped: done.helped,
    })
}
