//! When a shop is silent, how often it speaks to one customer, and what those hear who have stayed away.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use super::{Offer, launch::require_giver, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    bot::voice,
    coupon::packed,
    error::{Result, refused_argument},
    rights,
};

/// A shop's rules for campaigns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignRules)]
pub struct Rules {
    /// From then on nothing is said, by the clock on the shop's wall, e.g. `22:00:00` …
    #[schema(value_type = String)]
    pub quiet_from: Time,
    /// … until then; the same: there are no quiet hours.
    #[schema(value_type = String)]
    pub quiet_until: Time,
    /// Messages that one customer gets a day, of all campaigns together, 1 to 100.
    pub per_day: i32,
    /// What customers hear who have not ordered for some days; null: nothing.
    #[serde(default)]
    pub recall: Option<Recall>,
}

/// What customers hear who have stayed away (CMP-05), once after each last order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Recall {
    /// So many days after their last order, 1 to 365.
    #[serde(default = "a_week")]
    pub days: i32,
    /// What they hear.
    #[serde(flatten)]
    pub offer: Offer,
}

fn a_week() -> i32 {
    7
}

impl Default for Rules {
    /// Silent from 22:00 to 08:00; 3 a day; nobody is called back.
    fn default() -> Self {
        Self {
            quiet_from: Time::constant(22, 0, 0, 0),
            quiet_until: Time::constant(8, 0, 0, 0),
            per_day: 3,
            recall: None,
        }
    }
}

impl Rules {
    fn check(&self) -> Result<()> {
        if !(1..=100).contains(&self.per_day) {
            return Err(refused_argument("per_day", "is 1 to 100"));
        }
        let Some(recall) = &self.recall else {
            return Ok(());
        };
        if !(1..=365).contains(&recall.days) {
            return Err(refused_argument("days", "are 1 to 365"));
        }
        recall.offer.check()
    }

    fn coupon(&self) -> Option<crate::id::CouponTemplateId> {
        self.recall.as_ref()?.offer.template_id
    }
}

/// The rules that the shop goes by.
pub async fn show(app: &App, by: &Staff<ManageCampaigns>) -> Result<Rules> {
    let mut tx = app.store.begin(by.shop).await?;
    Ok(queries::rules(&mut tx).await?.unwrap_or_default())
}

/// Sets them (recorded). Refuses with `invalid_argument`; with `not_found`, `coupon_state` and `forbidden` a coupon as launching does; with
/// `staff_disabled` while the shop's own bot is silenced.
pub async fn set(app: &App, by: &Staff<ManageCampaigns>, rules: Rules) -> Result<Rules> {
    rules.check()?;
    voice::ensure(app, by).await?;
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::rely(&mut tx, by).await?;
    require_giver(held, rules.coupon().is_some())?;
    if let Some(template) = rules.coupon() {
        packed::supply(&mut tx, template).await?;
    }
    let former = queries::rules(&mut tx).await?.unwrap_or_default();
    queries::set_rules(&mut tx, &rules, by.actor.user).await?;
    let deed = Deed::new(by.actor.user, "campaign_rules.changed", by.shop)
        .before(serde_json::to_value(former).ok())
        .after(serde_json::to_value(&rules).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(rules)
}
