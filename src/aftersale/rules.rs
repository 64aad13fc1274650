//! What a shop promises when goods do not please, and what it lets the system decide.

use jiff::{SignedDuration, Timestamp};
use proto::CaseKind;
use serde::{Deserialize, Serialize};

use super::{Case, exception::Exception, queries};
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Result, refused_argument},
    id::ShopId,
    money::Money,
    order::Order,
    rights, words,
};

/// The rules of one shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AfterSaleRules {
    /// Conditions, at most 2,000 characters; shown to whoever applies.
    pub policy: String,
    /// So many days after completion the shop promises to take goods back, 0 to 15. Later requests are marked for the reviewer.
    pub days: i32,
    /// Requests without pictures are marked for the reviewer.
    pub pictures_wanted: bool,
    /// Refunds without return up to this amount are approved by the system, in minor units; 0: none.
    pub approve_up_to: Money,
    /// Where goods are sent back to, at most 300 characters.
    pub return_address: String,
}

impl Default for AfterSaleRules {
    fn default() -> Self {
        Self {
            policy: String::new(),
            days: 15,
            pictures_wanted: false,
            approve_up_to: Money::ZERO,
            return_address: String::new(),
        }
    }
}

/// What is to be different; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AfterSaleRulesChange {
    /// At most 2,000 characters.
    pub policy: Option<String>,
    /// 0 to 15.
    pub days: Option<i32>,
    /// Whether they are.
    pub pictures_wanted: Option<bool>,
    /// Minor units, 0 and up.
    pub approve_up_to: Option<Money>,
    /// At most 300 characters.
    pub return_address: Option<String>,
}

/// What a shop has published: its rules, and the goods that are an exception.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Published {
    /// The rules.
    #[serde(flatten)]
    pub rules: AfterSaleRules,
    /// The first 500 of the goods with rules of their own.
    pub exceptions: Vec<Exception>,
}

/// The rules of a shop, which everybody may read.
pub async fn show(app: &App, _: &Actor, shop: ShopId) -> Result<Published> {
    let mut tx = app.store.begin(shop).await?;
    Ok(Published {
        rules: queries::rules(&mut tx).await?,
        exceptions: queries::exceptions(&mut tx, None).await?,
    })
}

/// Changes them (recorded). Cases that are there stay what they are. Refuses with `invalid_argument`.
pub async fn change(
    app: &App,
    by: &Staff<ManageShop>,
    change: AfterSaleRulesChange,
) -> Result<AfterSaleRules> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::lock_rules(&mut tx).await?;
    let rules = former.clone().with(change);
    rules.check()?;
    if rules == former {
        return Ok(former);
    }
    queries::set_rules(&mut tx, &rules).await?;
    let deed = Deed::new(by.actor.user, "after_sale_rules.changed", by.shop)
        .before(serde_json::to_value(&former).ok())
        .after(serde_json::to_value(&rules).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(rules)
}

impl AfterSaleRules {
    fn with(self, change: AfterSaleRulesChange) -> Self {
        let trimmed = |text: String| text.trim().to_owned();
        Self {
            policy: change.policy.map_or(self.policy, trimmed),
            days: change.days.unwrap_or(self.days),
            pictures_wanted: change.pictures_wanted.unwrap_or(self.pictures_wanted),
            approve_up_to: change.approve_up_to.unwrap_or(self.approve_up_to),
            return_address: change.return_address.map_or(self.return_address, trimmed),
        }
    }

    fn check(&self) -> Result<()> {
        if !(0..=15).contains(&self.days) {
            return Err(refused_argument("days", "is 0 to 15"));
        }
        if self.approve_up_to < Money::ZERO {
            return Err(refused_argument("approve_up_to", "is 0 and up"));
        }
        words::text("return_address", &self.return_address, 0..=300)?;
        words::text("policy", &self.policy, 0..=2_000)
    }

    /// Does the shop promise less than this asks for?
    pub(super) fn exclude(&self, case: &Case, order: &Order, now: Timestamp) -> bool {
        let days = SignedDuration::from_hours(i64::from(self.days) * 24);
        let late = order.completed_at.is_some_and(|at| now > at + days);
        late || self.pictures_wanted && case.pictures.is_empty()
    }

    /// Is it a simple case, which the system decides?
    pub(super) fn approve(&self, case: &Case) -> bool {
        case.kind == CaseKind::RefundOnly
            && !case.outside_policy
            && case.amount <= self.approve_up_to
            && self.approve_up_to > Money::ZERO
    }
}
