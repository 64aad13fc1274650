//! What is to be done before a coupon can be claimed: looking around in the shop for so many seconds (CPN-16), measured by the server's
//! clock, and having friends help (CPN-17, [`super::help`]). It is asked for where customers claim by themselves; what staff and rewards
//! give needs none of it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Template, list::require_at_home, queries};
use crate::{
    actor::Customer,
    app::App,
    error::{Refusal, Result, refused_argument, refused_because},
    id::{CouponTemplateId, ShopId, UserId},
    store::Tx,
};

/// Who is not seen for so long has not looked around meanwhile: a client says that somebody does more often than that.
pub(super) const UNSEEN: SignedDuration = SignedDuration::from_secs(30);

/// What is to be done before a claim; it stays as it was laid down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = CouponConditions)]
pub struct Conditions {
    /// Nobody claims these by themselves: rewards and staff give them.
    pub earned_only: bool,
    /// Look around for so many seconds, 1 to 3,600; null: none.
    pub browse_seconds: Option<i32>,
    /// Have so many friends help, 1 to 100; null: none.
    pub helpers: Option<i32>,
}

/// How far somebody is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CouponProgress)]
pub struct Progress {
    /// Whole seconds that they have looked around.
    pub browsed_seconds: i64,
    /// Of so many; null: none.
    pub browse_seconds: Option<i32>,
    /// Friends who have helped.
    pub helped: i64,
    /// Of so many; null: none.
    pub helpers: Option<i32>,
}

/// Says that the customer looks around, now. The time since they last said so counts, unless it is more than 30 seconds. Refuses with
/// `not_found` coupons that are not there, or that need no looking around.
pub async fn browse(
    app: &App,
    customer: &Customer,
    shop: ShopId,
    template: CouponTemplateId,
) -> Result<Progress> {
    require_at_home(&customer.0, shop)?;
    app.sends.take(customer.0.user)?;
    let (mut tx, now) = (app.store.begin(shop).await?, app.clock.now());
    let template = claimable(&mut tx, template).await?;
    template
        .conditions
        .browse_seconds
        .ok_or(Refusal::NotFound)?;
    queries::look_around(&mut tx, template.id, customer.0.user, now).await?;
    let progress = of(&mut tx, &template, customer.0.user, now).await?;
    tx.commit().await?;
    Ok(progress)
}

/// How far the customer is. Refuses with `not_found`.
pub async fn show(
    app: &App,
    customer: &Customer,
    shop: ShopId,
    template: CouponTemplateId,
) -> Result<Progress> {
    require_at_home(&customer.0, shop)?;
    let mut tx = app.store.begin(shop).await?;
    let template = claimable(&mut tx, template).await?;
    of(&mut tx, &template, customer.0.user, app.clock.now()).await
}

/// Terms that customers can claim by or have claimed by. Refuses with `not_found`: also drafts, of which nobody knows yet.
pub(super) async fn claimable(tx: &mut Tx, template: CouponTemplateId) -> Result<Template> {
    let found = queries::template(tx, template).await?;
    let known = found.filter(|found| found.state != proto::CouponTemplateState::Draft);
    Ok(known.ok_or(Refusal::NotFound)?)
}

/// Refuses with `coupon_task_open` who has not done yet what is to be done. What was done stays done: nothing has to be held.
pub(super) async fn require_done(
    tx: &mut Tx,
    template: &Template,
    customer: UserId,
    now: Timestamp,
) -> Result<()> {
    if !template.conditions.ask_for_something() {
        return Ok(());
    }
    of(tx, template, customer, now).await?.require_done()
}

async fn of(
    tx: &mut Tx,
    template: &Template,
    customer: UserId,
    now: Timestamp,
) -> Result<Progress> {
    let done = queries::done(tx, template.id, customer, now).await?;
    Ok(Progress {
        browsed_seconds: done.browsed_ms / 1_000,
        browse_seconds: template.conditions.browse_seconds,
        helped: done.helped,
        helpers: template.conditions.helpers,
    })
}

impl Conditions {
    /// Refuses with `invalid_argument` what is out of its bounds.
    pub(super) fn check(self) -> Result<()> {
        let within = |number: Option<i32>, most| number.is_none_or(|it| (1..=most).contains(&it));
        if !within(self.browse_seconds, 3_600) {
            return Err(refused_argument("browse_seconds", "are 1 to 3600"));
        }
        if !within(self.helpers, 100) {
            return Err(refused_argument("helpers", "are 1 to 100"));
        }
        Ok(())
    }

    fn ask_for_something(self) -> bool {
        self.browse_seconds.is_some() || self.helpers.is_some()
    }
}

impl Progress {
    fn require_done(self) -> Result<()> {
        let short = |of: Option<i32>, has: i64| (i64::from(of.unwrap_or(0)) - has).max(0);
        let seconds = short(self.browse_seconds, self.browsed_seconds);
        if seconds > 0 {
            let wrong = format!("Look around in the shop first; seconds left: {seconds}.");
            return Err(refused_because(Refusal::CouponTaskOpen, &"browse", wrong));
        }
        let friends = short(self.helpers, self.helped);
        if friends > 0 {
            let wrong = format!("Friends have to help first; still wanted: {friends}.");
            return Err(refused_because(Refusal::CouponTaskOpen, &"helpers", wrong));
        }
        Ok(())
    }
}
