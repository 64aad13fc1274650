//! Claims that look made up are noticed (RISK-01): many accounts that were registered shortly before claim coupons of one template within
//! minutes. What they claimed is marked as one batch, staff are alerted once, and if the shop says so the coupons are held until staff
//! have looked ([`super::batch`]).
//!
//! It is seen a moment after the claims, by their facts, so that claims wait for nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proto::{AlertKind, CouponSource, Permission};
use serde::{Deserialize, Serialize};

use super::{queries, words};
use crate::{
    actor::{ManageCampaigns, Staff},
    alert::{self, NewAlert},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    fact::{Fact, Remembered},
    id::{ClaimBatchId, CouponTemplateId, ShopId},
    rights,
    store::Tx,
};

/// Two nodes that notice at once: the slower one looks again, so often at most.
const LOOKS: usize = 8;

/// When claims are abnormal, and what is done then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimWatch)]
pub struct Watch {
    /// So many young accounts or more, 2 to 10,000 …
    pub accounts: i32,
    /// … claim coupons of one template within so many minutes, 1 to 1,440.
    pub minutes: i32,
    /// An account is young that was registered so many minutes before it claimed, or less: 1 to 525,600.
    pub young_minutes: i32,
    /// Their coupons cannot be used until staff have looked.
    pub hold: bool,
}

impl Default for Watch {
    /// 20 accounts of the last hour within 10 minutes; nothing is held.
    fn default() -> Self {
        Self {
            accounts: 20,
            minutes: 10,
            young_minutes: 60,
            hold: false,
        }
    }
}

/// What the shop goes by.
pub async fn show(app: &App, by: &Staff<ManageCampaigns>) -> Result<Watch> {
    let mut tx = app.store.begin(by.shop).await?;
    Ok(queries::watch(&mut tx).await?.unwrap_or_default())
}

/// Sets what the shop goes by from now on (recorded). Refuses with `invalid_argument`.
pub async fn set(app: &App, by: &Staff<ManageCampaigns>, watch: Watch) -> Result<Watch> {
    watch.check()?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::watch(&mut tx).await?.unwrap_or_default();
    queries::set_watch(&mut tx, &watch).await?;
    let deed = Deed::new(by.actor.user, "claim_watch.changed", by.shop)
        .before(serde_json::to_value(former).ok())
        .after(serde_json::to_value(watch).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(watch)
}

/// Hears facts: looks once at each template of which something was claimed. A coupon is marked once, so a fact that is read twice changes
/// nothing.
pub async fn hear(app: &App, facts: &[Remembered]) -> Result<()> {
    let claimed = facts.iter().filter_map(|fact| match fact.fact {
        Fact::CouponClaimed {
            template_id,
            source,
            ..
        } if source != CouponSource::Staff => Some((fact.shop?, template_id)),
        _ => None,
    });
    for (shop, template) in claimed.collect::<BTreeSet<_>>() {
        look(app, shop, template).await?;
    }
    Ok(())
}

async fn look(app: &App, shop: ShopId, template: CouponTemplateId) -> Result<()> {
    let (mut tx, now) = (app.store.begin(shop).await?, app.clock.now());
    let watch = queries::watch(&mut tx).await?.unwrap_or_default();
    for _ in 0..LOOKS {
        // Known before anything else: whoever begins one meanwhile begins the same.
        let next = queries::next_batch(&mut tx, template).await?;
        if let Some(open) = queries::open_batch(&mut tx, template, &watch, now).await? {
            queries::mark(&mut tx, template, open, &watch, now).await?;
            return tx.commit().await;
        }
        if queries::young_claimants(&mut tx, template, &watch, now).await? < watch.accounts.into() {
            return Ok(());
        }
        let batch = ClaimBatchId::new();
        if queries::begin_batch(&mut tx, template, (batch, next), watch.hold, now).await? {
            notice(&mut tx, template, batch, &watch, now).await?;
            return tx.commit().await;
        }
    }
    Err(Refusal::Conflict.into())
}

/// Marks what was claimed, and alerts those who run campaigns.
async fn notice(
    tx: &mut Tx,
    template: CouponTemplateId,
    batch: ClaimBatchId,
    watch: &Watch,
    now: Timestamp,
) -> Result<()> {
    let coupons = queries::mark(tx, template, (batch, watch.hold), watch, now).await?;
    let title = super::prize::terms(tx, template).await?.terms.title;
    let text = words::abnormal(&title, coupons, watch);
    let alert = NewAlert::new(AlertKind::AbnormalClaims, Permission::ManageCampaigns, text);
    alert::raise(tx, alert, now).await?;
    Ok(())
}

impl Watch {
    fn check(&self) -> Result<()> {
        for (field, number, least, most) in [
            ("accounts", self.accounts, 2, 10_000),
            ("minutes", self.minutes, 1, 1_440),
            ("young_minutes", self.young_minutes, 1, 525_600),
        ] {
            if !(least..=most).contains(&number) {
                return Err(refused_argument(field, &format!("is {least} to {most}")));
            }
        }
        Ok(())
    }
}
