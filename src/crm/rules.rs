//! From where on a customer is called what (CRM-03).

use serde::{Deserialize, Serialize};

use super::{keep, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Result, refused_argument},
    money::Money,
    rights,
};

/// A shop's thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TagRules)]
pub struct Rules {
    /// 低消费: so much in all at most, in minor units.
    pub low_at_most: Money,
    /// 高消费: so much or more, in minor units; what is in between is 中消费.
    pub high_from: Money,
    /// 高复购: so many purchases or more, 1 to 1,000 …
    pub repeat_from: i32,
    /// … within so many days, 1 to 366.
    pub repeat_days: i32,
}

impl Default for Rules {
    /// 50 and 100 yuan; 3 purchases in 30 days.
    fn default() -> Self {
        Self {
            low_at_most: Money::minor(5_000),
            high_from: Money::minor(10_000),
            repeat_from: 3,
            repeat_days: 30,
        }
    }
}

impl Rules {
    fn check(&self) -> Result<()> {
        if self.low_at_most < Money::ZERO {
            return Err(refused_argument("low_at_most", "is not below 0"));
        }
        if self.high_from <= self.low_at_most {
            return Err(refused_argument("high_from", "is more than low_at_most"));
        }
        if !(1..=1_000).contains(&self.repeat_from) {
            return Err(refused_argument("repeat_from", "is 1 to 1000"));
        }
        if !(1..=366).contains(&self.repeat_days) {
            return Err(refused_argument("repeat_days", "is 1 to 366"));
        }
        Ok(())
    }
}

/// The thresholds that the shop goes by.
pub async fn show(app: &App, by: &Staff<ManageCampaigns>) -> Result<Rules> {
    let mut tx = app.store.begin(by.shop).await?;
    Ok(queries::rules(&mut tx).await?.unwrap_or_default())
}

/// Sets them (recorded); every customer's tags are counted anew before the answer. Refuses with `invalid_argument`.
pub async fn set(app: &App, by: &Staff<ManageCampaigns>, rules: Rules) -> Result<Rules> {
    rules.check()?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::rules(&mut tx).await?.unwrap_or_default();
    queries::set_rules(&mut tx, &rules).await?;
    let deed = Deed::new(by.actor.user, "tag_rules.changed", by.shop)
        .before(serde_json::to_value(former).ok())
        .after(serde_json::to_value(rules).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    keep::all_of(app, by.shop).await?;
    Ok(rules)
}
