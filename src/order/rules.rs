//! How a shop deals with orders: its own choice, within limits.

use serde::{Deserialize, Serialize};

use super::queries;
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{ShopId, UserId},
    rights,
    store::Tx,
    words,
};

/// The rules of one shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Rules {
    /// Minutes after which an unpaid order is cancelled by itself, 5 to 10,080.
    pub pay_within_minutes: i32,
    /// Minutes after placing at which the customer is reminded to pay, rising, at most 5.
    pub remind_after_minutes: Vec<i32>,
    /// Days after shipment when goods count as received, 1 to 90.
    pub received_after_days: i32,
    /// Orders of one customer that wait for their money at most, 1 to 100: they hold goods.
    pub unpaid_at_most: i32,
    /// Customers change submitted orders themselves until the shop accepts.
    pub customers_may_edit: bool,
    /// What the review finds must be put right before an order is accepted.
    pub review_blocks: bool,
    /// Whoever asks customers how it was is told of every order that is completed (`survey_due`).
    pub survey_when_completed: bool,
    /// On cancelling, at most 2,000 characters; shown with every new order.
    pub policy: String,
    /// Rises when the policy changes.
    pub policy_version: i32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            pay_within_minutes: 30,
            remind_after_minutes: vec![10, 20],
            received_after_days: 10,
            unpaid_at_most: 10,
            customers_may_edit: true,
            review_blocks: false,
            survey_when_completed: true,
            policy: String::new(),
            policy_version: 0,
        }
    }
}

/// What is to be different; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RulesChange {
    /// 5 to 10,080.
    pub pay_within_minutes: Option<i32>,
    /// Rising, at most 5, each before the time to pay is over.
    pub remind_after_minutes: Option<Vec<i32>>,
    /// 1 to 90.
    pub received_after_days: Option<i32>,
    /// 1 to 100.
    pub unpaid_at_most: Option<i32>,
    /// Whether customers may.
    pub customers_may_edit: Option<bool>,
    /// Whether it does.
    pub review_blocks: Option<bool>,
    /// Whether they are.
    pub survey_when_completed: Option<bool>,
    /// At most 2,000 characters.
    pub policy: Option<String>,
}

/// The rules of a shop, which everybody may read.
pub async fn show(app: &App, _: &Actor, shop: ShopId) -> Result<Rules> {
    let mut tx = app.store.begin(shop).await?;
    queries::rules(&mut tx).await
}

/// Changes them (recorded). Orders that are there keep what they were made under. Refuses with `invalid_argument`.
pub async fn change(app: &App, by: &Staff<ManageShop>, change: RulesChange) -> Result<Rules> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::lock_rules(&mut tx).await?;
    let rules = former.clone().with(change);
    rules.check()?;
    if rules == former {
        return Ok(former);
    }
    queries::set_rules(&mut tx, &rules).await?;
    let deed = Deed::new(by.actor.user, "order_rules.changed", by.shop)
        .before(serde_json::to_value(&former).ok())
        .after(serde_json::to_value(&rules).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(rules)
}

impl Rules {
    /// Refuses with `too_many_unpaid` a customer who has as many unpaid orders as one may. The caller has taken the day's number: of two
    /// orders at once the second sees the first.
    pub(super) async fn require_few_unpaid(&self, tx: &mut Tx, customer: UserId) -> Result<()> {
        if queries::unpaid_of(tx, customer).await? < i64::from(self.unpaid_at_most) {
            return Ok(());
        }
        Err(Refusal::TooManyUnpaid.into())
    }

    fn with(self, change: RulesChange) -> Self {
        let policy = change.policy.map(|policy| policy.trim().to_owned());
        let policy = policy.unwrap_or_else(|| self.policy.clone());
        Self {
            pay_within_minutes: change.pay_within_minutes.unwrap_or(self.pay_within_minutes),
            remind_after_minutes: change
                .remind_after_minutes
                .unwrap_or(self.remind_after_minutes),
            received_after_days: change
                .received_after_days
                .unwrap_or(self.received_after_days),
            unpaid_at_most: change.unpaid_at_most.unwrap_or(self.unpaid_at_most),
            customers_may_edit: change.customers_may_edit.unwrap_or(self.customers_may_edit),
            review_blocks: change.review_blocks.unwrap_or(self.review_blocks),
            survey_when_completed: change
                .survey_when_completed
                .unwrap_or(self.survey_when_completed),
            policy_version: self.policy_version + i32::from(policy != self.policy),
            policy,
        }
    }

    fn check(&self) -> Result<()> {
        if !(5..=10_080).contains(&self.pay_within_minutes) {
            return Err(refused_argument("pay_within_minutes", "is 5 to 10080"));
        }
        let steps = &self.remind_after_minutes;
        let rising = steps.windows(2).all(|pair| pair[0] < pair[1]);
        let within = steps
            .iter()
            .all(|step| (1..self.pay_within_minutes).contains(step));
        if steps.len() > 5 || !rising || !within {
            let wrong = "has at most 5 rising minutes before the time to pay is over";
            return Err(refused_argument("remind_after_minutes", wrong));
        }
        if !(1..=90).contains(&self.received_after_days) {
            return Err(refused_argument("received_after_days", "is 1 to 90"));
        }
        if !(1..=100).contains(&self.unpaid_at_most) {
            return Err(refused_argument("unpaid_at_most", "is 1 to 100"));
        }
        words::text("policy", &self.policy, 0..=2_000)
    }
}
