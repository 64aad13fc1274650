//! Publish coupons, change what may still be changed, stop issuing them. Nobody takes back what somebody has (decision 22 of the
//! specification).

use proto::CouponTemplateState;
use serde::Deserialize;
use serde_json::json;

use super::{
    Template, queries,
    terms::{Face, NewValidity},
};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::CouponTemplateId,
    money::Money,
    rights,
    store::Tx,
};

/// What is to be different; what is missing stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = CouponChange)]
pub struct Change {
    /// Coupons; from the first claim on only more than before.
    pub quantity: Option<i64>,
    /// What all of them may take off together, in minor units; from the first claim on only more than before.
    pub budget: Option<Money>,
    /// How much one takes off; only before the first claim.
    pub face: Option<Face>,
    /// When a coupon can be used; only before the first claim.
    pub validity: Option<NewValidity>,
}

/// Changes terms. Refuses with `coupon_frozen` what the first claim has frozen, with `coupon_state` what has ended, with `invalid_argument`,
/// `not_found`.
pub async fn change(
    app: &App,
    by: &Staff<ManageCampaigns>,
    template: CouponTemplateId,
    change: Change,
) -> Result<Template> {
    let (mut tx, before) = hold(app, by, template).await?;
    let now = app.clock.now();
    if before.state == CouponTemplateState::Ended {
        return Err(Refusal::CouponState.into());
    }
    let mut after = before.clone();
    if let Some(validity) = change.validity {
        after.validity = validity.resolved(&mut tx).await?;
        after.validity.check(now)?;
    }
    after.terms.face = change.face.unwrap_or(before.terms.face);
    after.limits.quantity = change.quantity.or(before.limits.quantity);
    after.limits.budget = change.budget.or(before.limits.budget);
    after.terms.check()?;
    after.limits.check(after.terms.face)?;
    before.may_become(&after)?;
    if before.state == CouponTemplateState::SoldOut && after.left() != Some(0) {
        after.state = CouponTemplateState::Published;
    }
    settle(app, tx, by, (&before, after), "coupon_template.changed").await
}

/// Lets people claim: on trial the listed testers only, else everybody who is eligible. Refuses with `coupon_state` what is published or
/// ended, and with `not_found`.
pub async fn publish(
    app: &App,
    by: &Staff<ManageCampaigns>,
    template: CouponTemplateId,
    on_trial: bool,
) -> Result<Template> {
    let (tx, before) = hold(app, by, template).await?;
    let mut after = before.clone();
    after.state = match (before.state, on_trial) {
        (CouponTemplateState::Draft, true) => CouponTemplateState::Trial,
        (CouponTemplateState::Draft | CouponTemplateState::Trial, false) => {
            CouponTemplateState::Published
        }
        _ => return Err(Refusal::CouponState.into()),
    };
    let action = "coupon_template.published";
    settle(app, tx, by, (&before, after), action).await
}

/// Stops issuing for good; open gifts end with it. What is in wallets stays there. Refuses with `coupon_state` what has ended, and with
/// `not_found`.
pub async fn end(
    app: &App,
    by: &Staff<ManageCampaigns>,
    template: CouponTemplateId,
) -> Result<Template> {
    let (mut tx, before) = hold(app, by, template).await?;
    if before.state == CouponTemplateState::Ended {
        return Err(Refusal::CouponState.into());
    }
    let mut after = before.clone();
    after.state = CouponTemplateState::Ended;
    queries::end_gifts_of(&mut tx, template, app.clock.now()).await?;
    settle(app, tx, by, (&before, after), "coupon_template.ended").await
}

/// The template, out of which nothing goes until this work ends.
async fn hold(
    app: &App,
    by: &Staff<ManageCampaigns>,
    template: CouponTemplateId,
) -> Result<(Tx, Template)> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let held = queries::lock_template(&mut tx, template).await?;
    Ok((tx, held.ok_or(Refusal::NotFound)?))
}

async fn settle(
    app: &App,
    mut tx: Tx,
    by: &Staff<ManageCampaigns>,
    (before, after): (&Template, Template),
    action: &'static str,
) -> Result<Template> {
    queries::save_template(&mut tx, &after).await?;
    let deed = Deed::new(by.actor.user, action, after.id)
        .before(before.as_audited())
        .after(after.as_audited());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(after)
}

impl Template {
    /// May it be changed into this? Refuses with `coupon_frozen`.
    fn may_become(&self, after: &Self) -> Result<()> {
        let more = |before: Option<i64>, after: Option<i64>| match (before, after) {
            (Some(before), Some(after)) => after >= before,
            (before, after) => before == after,
        };
        let budgets = [self, after].map(|one| one.limits.budget.map(Money::in_minor));
        let frozen = self.out() > 0;
        let terms = self.terms == after.terms && self.validity == after.validity;
        let limits =
            more(self.limits.quantity, after.limits.quantity) && more(budgets[0], budgets[1]);
        if frozen && !(terms && limits) {
            return Err(Refusal::CouponFrozen.into());
        }
        Ok(())
    }

    fn as_audited(&self) -> serde_json::Value {
        json!({ "state": self.state, "terms": self.terms, "validity": self.validity, "limits": self.limits })
    }
}
