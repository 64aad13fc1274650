//! What a shop gives for what: made, changed, ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Rule, Trigger, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    coupon::earn,
    error::{Refusal, Result, refused_argument},
    id::{CouponTemplateId, RewardRuleId},
    rights,
    store::Tx,
};

/// Rules of one shop that go on, at most: all of them are looked at for each event.
const MOST: i64 = 50;

/// A rule to be.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRewardRule)]
pub struct NewRule {
    /// For what.
    pub trigger: Trigger,
    /// One coupon for so many friends, 1 to 100; 1 where no friends are counted.
    #[serde(default = "one")]
    pub friends: i32,
    /// So many times one customer is rewarded at most, 1 to 1,000; null: any number.
    #[serde(default)]
    pub most: Option<i32>,
    /// What whoever did it gets, or who brought the friends; null: nothing.
    #[serde(default)]
    pub template_id: Option<CouponTemplateId>,
    /// What each friend gets, once; null: nothing.
    #[serde(default)]
    pub friend_template_id: Option<CouponTemplateId>,
}

/// What is to be different; what is missing stays.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = RewardRuleChange)]
pub struct RuleChange {
    /// One coupon for so many friends, 1 to 100.
    pub friends: Option<i32>,
    /// So many times one customer is rewarded at most, 1 to 1,000.
    pub most: Option<i32>,
    /// What whoever did it gets, or who brought the friends.
    pub template_id: Option<CouponTemplateId>,
    /// What each friend gets.
    pub friend_template_id: Option<CouponTemplateId>,
}

/// A shop's rules.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RewardRules)]
pub struct Rules {
    /// Those that go on, the oldest first, then those that have ended; 200 at most.
    pub rules: Vec<Rule>,
}

fn one() -> i32 {
    1
}

fn one_or_more(number: i32, most: i32) -> bool {
    (1..=most).contains(&number)
}

/// Makes a rule, which holds for what happens from now on (recorded). Refuses with `invalid_argument`, with `not_found` and `coupon_state`
/// coupons that are not there or over, and with `quota_exceeded` beyond 50.
pub async fn add(app: &App, by: &Staff<ManageCampaigns>, new: NewRule) -> Result<Rule> {
    let now = app.clock.now();
    let rule = new.rule(now);
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    rule.check(&mut tx).await?;
    if !queries::add_rule(&mut tx, &rule, MOST).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    record(&mut tx, by, "reward_rule.added", (None, &rule), now).await?;
    tx.commit().await?;
    Ok(rule)
}

/// All rules of the shop.
pub async fn list(app: &App, by: &Staff<ManageCampaigns>) -> Result<Rules> {
    let mut tx = app.store.begin(by.shop).await?;
    let rules = queries::rules(&mut tx).await?;
    Ok(Rules { rules })
}

/// Changes its numbers (recorded). What was given stays given: who has had two rewards gets the third when there are enough friends for three by
/// the new number. Refuses as [`add`] does, and with `not_found` what has ended.
pub async fn change(
    app: &App,
    by: &Staff<ManageCampaigns>,
    rule: RewardRuleId,
    change: RuleChange,
) -> Result<Rule> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let before = queries::hold_rule(&mut tx, rule).await?;
    let before = before.ok_or(Refusal::NotFound)?;
    let after = Rule {
        friends: change.friends.unwrap_or(before.friends),
        most: change.most.or(before.most),
        template_id: change.template_id.or(before.template_id),
        friend_template_id: change.friend_template_id.or(before.friend_template_id),
        ..before.clone()
    };
    after.check(&mut tx).await?;
    queries::save_rule(&mut tx, &after).await?;
    let both = (Some(&before), &after);
    record(&mut tx, by, "reward_rule.changed", both, app.clock.now()).await?;
    tx.commit().await?;
    Ok(after)
}

/// Nothing is given by it from now on (recorded). Refuses with `not_found` what is not there or has ended.
pub async fn end(app: &App, by: &Staff<ManageCampaigns>, rule: RewardRuleId) -> Result<Rule> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let before = queries::hold_rule(&mut tx, rule).await?;
    let before = before.ok_or(Refusal::NotFound)?;
    let after = Rule {
        ended_at: Some(now),
        ..before.clone()
    };
    queries::save_rule(&mut tx, &after).await?;
    let both = (Some(&before), &after);
    record(&mut tx, by, "reward_rule.ended", both, now).await?;
    tx.commit().await?;
    Ok(after)
}

async fn record(
    tx: &mut Tx,
    by: &Staff<ManageCampaigns>,
    action: &'static str,
    (before, after): (Option<&Rule>, &Rule),
    now: Timestamp,
) -> Result<()> {
    let deed = Deed::new(by.actor.user, action, after.id)
        .before(before.and_then(|rule| serde_json::to_value(rule).ok()))
        .after(serde_json::to_value(after).ok());
    audit::record(tx, deed, now).await
}

impl NewRule {
    fn rule(self, now: Timestamp) -> Rule {
        Rule {
            id: RewardRuleId::new(),
            trigger: self.trigger,
            friends: self.friends,
            most: self.most,
            template_id: self.template_id,
            friend_template_id: self.friend_template_id,
            created_at: now,
            ended_at: None,
        }
    }
}

impl Rule {
    async fn check(&self, tx: &mut Tx) -> Result<()> {
        let counts = self.trigger.counts_friends();
        if !one_or_more(self.friends, if counts { 100 } else { 1 }) {
            let wrong = "are 1 to 100, and 1 where no friends are counted";
            return Err(refused_argument("friends", wrong));
        }
        if !self.most.is_none_or(|most| one_or_more(most, 1_000)) {
            return Err(refused_argument("most", "is 1 to 1000"));
        }
        if self.friend_template_id.is_some() && !counts {
            let wrong = "is for what friends do";
            return Err(refused_argument("friend_template_id", wrong));
        }
        let templates = [self.template_id, self.friend_template_id];
        if templates == [None, None] {
            return Err(refused_argument("template_id", "is needed"));
        }
        for template in templates.into_iter().flatten() {
            earn::require(tx, template).await?;
        }
        Ok(())
    }
}
