//! A coupon that somebody has earned: what `reward` gives. It comes out of its template by the same statements as a claim, within the
//! same limits; only what customers have to do before they claim by themselves is not asked for.

use jiff::Timestamp;
use proto::{CouponSource, CouponTemplateState};

use super::{
    Coupon, Template,
    claim::{self, Claimant, put_into_wallet, remember, take},
    prize::terms,
    queries::{self, Seats},
};
use crate::{
    error::{Refusal, Result},
    id::{CouponId, CouponTemplateId, UserId},
    store::Tx,
};

/// What is earned, and by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Earning {
    /// The id that the coupon will have.
    pub coupon: CouponId,
    /// Of what.
    pub template: CouponTemplateId,
    /// Whose it is.
    pub customer: UserId,
}

/// A coupon in the wallet that its template has still to do without ([`Earned::settle`]).
pub(crate) struct Earned {
    /// It.
    pub coupon: Coupon,
    template: Template,
}

/// Coupons that can be promised for something. Refuses with `not_found`, and with `coupon_state` what is over.
pub(crate) async fn require(tx: &mut Tx, template: CouponTemplateId) -> Result<()> {
    match terms(tx, template).await?.state {
        CouponTemplateState::Ended => Err(Refusal::CouponState.into()),
        _ => Ok(()),
    }
}

/// Into the customer's wallet; what everybody wants is not held yet, so that there is time to say so. The device that counts is the
/// one by which they logged in last. Refuses as a claim does; then the work must not be committed.
pub(crate) async fn earn(tx: &mut Tx, earning: &Earning, now: Timestamp) -> Result<Earned> {
    let template = terms(tx, earning.template).await?;
    let known = claim::known(tx, template.id, earning.customer).await?;
    template.givable_to(&known, now)?;
    template.in_window(now)?;
    let coupon = Coupon {
        id: earning.coupon,
        ..template.coupon(tx.shop()?, CouponSource::Reward, now)
    };
    let claimant = Claimant {
        user: earning.customer,
        session: queries::last_session(tx, earning.customer).await?,
    };
    put_into_wallet(tx, &template, &coupon, claimant, None).await?;
    remember(tx, &coupon, earning.customer, None, now).await?;
    Ok(Earned { coupon, template })
}

impl Earned {
    /// Takes it out of its template, last of all. Refuses as a claim does (`coupon_sold_out`, `coupon_budget_spent` …); then the work must not
    /// be committed.
    pub(crate) async fn settle(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        take(tx, &self.template, Seats::Claimed(1), now).await
    }
}
