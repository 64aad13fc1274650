//! Change what may still be changed, and stop it. What was promised to customers stays: from its beginning on a promotion only gets another
//! name or a later end.

use jiff::civil::DateTime;
use serde::Deserialize;

use super::{Promotion, Stage, create::instant, queries, terms::Terms};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::PromotionId,
    rights,
    store::Tx,
};

/// What is to be different; what is missing stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = PromotionChange)]
pub struct Change {
    /// 1 to 60 characters.
    pub name: Option<String>,
    /// What it does; only before it begins.
    pub terms: Option<Terms>,
    /// Coupons count beside it; only before it begins.
    pub stacks_with_coupons: Option<bool>,
    /// By the clock on the shop's wall; only before it begins.
    #[schema(value_type = Option<String>)]
    pub from: Option<DateTime>,
    /// By the clock on the shop's wall; once it has begun only later than before.
    #[schema(value_type = Option<String>)]
    pub until: Option<DateTime>,
}

/// Changes it. Refuses with `promotion_state` what is over and what its beginning has frozen, with `invalid_argument`, `not_found`.
pub async fn change(
    app: &App,
    by: &Staff<ManageCampaigns>,
    promotion: PromotionId,
    change: Change,
) -> Result<Promotion> {
    let (mut tx, before) = hold(app, by, promotion).await?;
    // It may have begun while it was waited for.
    let now = app.clock.now();
    let after = change.of(&mut tx, &before).await?;
    before.may_become(&after, before.stage(now))?;
    after.check(&mut tx, now).await?;
    if after.terms != before.terms {
        after.choose(&mut tx).await?;
    }
    settle(app, tx, by, (&before, after), "promotion.changed").await
}

/// Ends it now, for good. Orders that were placed keep what it did for them. Refuses with `promotion_state` what is over, with `not_found`.
pub async fn stop(
    app: &App,
    by: &Staff<ManageCampaigns>,
    promotion: PromotionId,
) -> Result<Promotion> {
    let (tx, before) = hold(app, by, promotion).await?;
    let now = app.clock.now();
    if before.stage(now) == Stage::Ended {
        return Err(Refusal::PromotionState.into());
    }
    let after = Promotion {
        stopped_at: Some(now),
        ..before.clone()
    };
    settle(app, tx, by, (&before, after), "promotion.stopped").await
}

/// The promotion, which nobody else changes until this work ends.
async fn hold(
    app: &App,
    by: &Staff<ManageCampaigns>,
    promotion: PromotionId,
) -> Result<(Tx, Promotion)> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let held = queries::lock(&mut tx, promotion).await?;
    Ok((tx, held.ok_or(Refusal::NotFound)?))
}

async fn settle(
    app: &App,
    mut tx: Tx,
    by: &Staff<ManageCampaigns>,
    (before, after): (&Promotion, Promotion),
    action: &'static str,
) -> Result<Promotion> {
    queries::save(&mut tx, &after).await?;
    let deed = Deed::new(by.actor.user, action, after.id)
        .before(serde_json::to_value(before).ok())
        .after(serde_json::to_value(&after).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(after)
}

impl Change {
    async fn of(self, tx: &mut Tx, before: &Promotion) -> Result<Promotion> {
        let mut after = before.clone();
        if let Some(from) = self.from {
            after.starts_at = instant(tx, from).await?;
        }
        if let Some(until) = self.until {
            after.ends_at = instant(tx, until).await?;
        }
        if let Some(name) = self.name {
            name.trim().clone_into(&mut after.name);
        }
        after.terms = self.terms.unwrap_or(after.terms);
        after.stacks_with_coupons = self
            .stacks_with_coupons
            .unwrap_or(after.stacks_with_coupons);
        Ok(after)
    }
}

impl Promotion {
    /// May it be changed into this? Refuses with `promotion_state`.
    fn may_become(&self, after: &Self, stage: Stage) -> Result<()> {
        let frozen = self.terms == after.terms
            && self.stacks_with_coupons == after.stacks_with_coupons
            && self.starts_at == after.starts_at
            && self.ends_at <= after.ends_at;
        match stage {
            Stage::NotStarted => Ok(()),
            Stage::Running if frozen => Ok(()),
            Stage::Running | Stage::Ended => Err(Refusal::PromotionState.into()),
        }
    }
}
