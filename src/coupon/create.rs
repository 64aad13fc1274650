//! Lay down the terms of new coupons: a draft, which nobody can claim yet.

use jiff::{Timestamp, civil::DateTime};
use proto::CouponTemplateState;
use serde::Deserialize;

use super::{
    Template, queries,
    task::Conditions,
    terms::{Aim, Eligibility, Limits, NewValidity, Scope, Terms, Validity},
};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{CouponTemplateId, UserId},
    money::Money,
    rights,
    store::Tx,
};

/// Templates of one shop at most.
const MOST: i64 = 10_000;
/// Testers of one template at most.
const TESTERS: usize = 200;

/// Terms to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCouponTemplate)]
pub struct NewTemplate {
    /// What a coupon takes off.
    pub terms: Terms,
    /// When a coupon can be used.
    pub validity: NewValidity,
    /// Who may claim one.
    pub eligibility: Eligibility,
    /// Whom `listed` means; at most 5,000.
    #[serde(default)]
    pub customer_ids: Vec<UserId>,
    /// Who may claim while it is on trial (CPN-18); at most 200.
    #[serde(default)]
    pub tester_ids: Vec<UserId>,
    /// What is to be done before a claim; nothing, if it is not there.
    #[serde(default)]
    pub conditions: Conditions,
    /// What it is issued for.
    pub aim: Aim,
    /// Coupons, 1 to 100,000,000; null: as many as are claimed.
    #[serde(default)]
    pub quantity: Option<i64>,
    /// What all of them may take off together, in minor units; null: any sum.
    #[serde(default)]
    pub budget: Option<Money>,
    /// Before it nobody claims, in the shop's time zone; null: at once.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub claim_from: Option<DateTime>,
    /// From then on nobody claims, in the shop's time zone; null: no end.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub claim_until: Option<DateTime>,
    /// Coupons of one customer, 1 to 100.
    #[serde(default = "one")]
    pub per_person: i32,
    /// Coupons by one device, 1 to 100; null: any number.
    #[serde(default)]
    pub per_device: Option<i32>,
}

fn one() -> i32 {
    1
}

/// Makes a draft. Refuses with `invalid_argument` what is out of bounds, with `not_found` products and people that are not there, and with
/// `quota_exceeded` beyond 10,000.
pub async fn create(app: &App, by: &Staff<ManageCampaigns>, new: NewTemplate) -> Result<Template> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let (testers, customers) = (new.tester_ids.clone(), new.customer_ids.clone());
    let template = new.template(&mut tx, now).await?;
    template.check(&mut tx, &customers, now).await?;
    if testers.len() > TESTERS {
        return Err(refused_argument("tester_ids", "are at most 200"));
    }
    if !queries::add_template(&mut tx, &template, MOST).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    for (list, people) in [("testers", &testers), ("customers", &customers)] {
        if !queries::name_people(&mut tx, template.id, list, people).await? {
            return Err(Refusal::NotFound.into());
        }
    }
    let after = serde_json::to_value(&template).ok();
    let deed = Deed::new(by.actor.user, "coupon_template.created", template.id).after(after);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(template)
}

impl NewTemplate {
    async fn template(self, tx: &mut Tx, now: Timestamp) -> Result<Template> {
        let limits = Limits {
            quantity: self.quantity,
            budget: self.budget,
            claim_from: on_the_wall(tx, self.claim_from).await?,
            claim_until: on_the_wall(tx, self.claim_until).await?,
            per_person: self.per_person,
            per_device: self.per_device,
        };
        Ok(Template {
            id: CouponTemplateId::new(),
            state: CouponTemplateState::Draft,
            validity: self.validity.resolved(tx).await?,
            terms: self.terms,
            eligibility: self.eligibility,
            conditions: self.conditions,
            aim: self.aim,
            limits,
            claimed: 0,
            given: 0,
            created_at: now,
        })
    }
}

impl Template {
    async fn check(&self, tx: &mut Tx, customers: &[UserId], now: Timestamp) -> Result<()> {
        self.terms.check()?;
        self.validity.check(now)?;
        self.eligibility.check(customers)?;
        self.conditions.check()?;
        self.limits.check(self.terms.face)?;
        match &self.terms.scope {
            Scope::Products { product_ids } if !queries::has_products(tx, product_ids).await? => {
                Err(Refusal::NotFound.into())
            }
            _ => Ok(()),
        }
    }
}

impl NewValidity {
    /// The same in instants.
    pub(super) async fn resolved(self, tx: &mut Tx) -> Result<Validity> {
        match self {
            Self::Days { days } => Ok(Validity::Days { days }),
            Self::Period { from, until } => Ok(Validity::Period {
                from: instant(tx, from).await?,
                until: instant(tx, until).await?,
            }),
        }
    }
}

async fn on_the_wall(tx: &mut Tx, at: Option<DateTime>) -> Result<Option<Timestamp>> {
    match at {
        Some(at) => Ok(Some(instant(tx, at).await?)),
        None => Ok(None),
    }
}

/// When the clock on the shop's wall shows this. Refuses with `invalid_argument` years that no shop is open in.
async fn instant(tx: &mut Tx, at: DateTime) -> Result<Timestamp> {
    if !(2000..=2200).contains(&at.year()) {
        return Err(refused_argument(
            "from",
            "is between the years 2000 and 2200",
        ));
    }
    queries::on_the_wall(tx, at).await
}
