//! What rules gave, for staff; and how far a customer is.

use serde::Serialize;

use super::{Grant, Rule, queries};
use crate::{
    actor::{Customer, ManageCampaigns, Staff},
    app::App,
    conversation::open::require_site,
    error::{Refusal, Result},
    id::{RewardGrantId, RewardRuleId, ShopId},
    store::page,
};

/// Grants, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RewardGrantPage {
    /// The newest first.
    pub grants: Vec<Grant>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// How far a customer is with one rule.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MyReward {
    /// What is given for what.
    #[serde(flatten)]
    pub rule: Rule,
    /// Friends of theirs who count.
    pub counted: i64,
    /// How many times they were given a coupon by it.
    pub given: i64,
}

/// What a shop gives, and how far a customer is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MyRewards {
    /// The rules that go on, the oldest first.
    pub rewards: Vec<MyReward>,
}

/// What a rule gave and could not give. Refuses with `not_found`, and a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn grants(
    app: &App,
    by: &Staff<ManageCampaigns>,
    rule: RewardRuleId,
    cursor: &str,
    limit: u32,
) -> Result<RewardGrantPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<RewardGrantId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    if !queries::has_rule(&mut tx, rule).await? {
        return Err(Refusal::NotFound.into());
    }
    let mut grants = queries::grants(&mut tx, rule, before, limit + 1).await?;
    let next_cursor = page::next(&mut grants, limit, |last| last.id);
    Ok(RewardGrantPage {
        grants,
        next_cursor,
    })
}

/// What the shop gives, and how far the customer is. Refuses with `not_found` another shop than the one whose site they came by.
pub async fn mine(app: &App, customer: &Customer, shop: ShopId) -> Result<MyRewards> {
    require_site(customer, shop)?;
    let mut tx = app.store.begin(shop).await?;
    let rewards = queries::mine(&mut tx, customer.0.user).await?;
    Ok(MyRewards { rewards })
}
