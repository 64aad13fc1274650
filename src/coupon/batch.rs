//! Times that many young accounts claimed together (RISK-01), and what staff make of them.

use jiff::Timestamp;
use serde::Serialize;

use super::queries;
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ClaimBatchId, CouponTemplateId, UserId},
    rights,
    store::page,
};

/// Coupons that were claimed together.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClaimBatch)]
pub struct Batch {
    /// Its id.
    pub id: ClaimBatchId,
    /// Of what.
    pub template_id: CouponTemplateId,
    /// How many coupons.
    pub coupons: i64,
    /// How many of them are held now.
    pub held: i64,
    /// When it was noticed.
    #[schema(value_type = String)]
    pub began_at: Timestamp,
    /// When the last of them was marked.
    #[schema(value_type = String)]
    pub last_at: Timestamp,
    /// When staff decided.
    #[schema(value_type = Option<String>)]
    pub decided_at: Option<Timestamp>,
    /// Who.
    pub decided_by: Option<UserId>,
    /// Whether what was held was let go; null: nobody has decided.
    pub released: Option<bool>,
}

/// Batches, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClaimBatchPage {
    /// The newest first.
    pub batches: Vec<Batch>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// The shop's batches. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn list(
    app: &App,
    by: &Staff<ManageCampaigns>,
    cursor: &str,
    limit: u32,
) -> Result<ClaimBatchPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<ClaimBatchId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut batches = queries::batches(&mut tx, before, limit + 1).await?;
    let next_cursor = page::next(&mut batches, limit, |last| last.id);
    Ok(ClaimBatchPage {
        batches,
        next_cursor,
    })
}

/// Lets go what is held, or leaves it held until it ends; once, for good (recorded). Who claims from then on is counted anew. Refuses with
/// `not_found`, and with `conflict` when somebody has decided.
pub async fn decide(
    app: &App,
    by: &Staff<ManageCampaigns>,
    batch: ClaimBatchId,
    release: bool,
) -> Result<Batch> {
    let (mut tx, now) = (app.store.begin(by.shop).await?, app.clock.now());
    rights::rely(&mut tx, by).await?;
    let decided = queries::decide(&mut tx, batch, (by.actor.user, release), now).await?;
    let found = queries::batch(&mut tx, batch).await?;
    if !decided {
        return Err(found
            .map_or(Refusal::NotFound, |_| Refusal::Conflict)
            .into());
    }
    if release {
        queries::release_held(&mut tx, batch).await?;
    }
    let after = serde_json::json!({ "release": release });
    let deed = Deed::new(by.actor.user, "claim_batch.decided", batch).after(after);
    audit::record(&mut tx, deed, now).await?;
    let found = queries::batch(&mut tx, batch).await?;
    tx.commit().await?;
    Ok(found.ok_or(Refusal::NotFound)?)
}
