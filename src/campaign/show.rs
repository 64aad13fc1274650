//! How far a campaign has come, and what has come of it, channel by channel (CMP-06).

use serde::Serialize;

use super::{Campaign, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    error::{Refusal, Result},
    id::{CampaignId, ConversationId},
    store::page,
};

/// Campaigns, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CampaignPage {
    /// The newest first.
    pub campaigns: Vec<Campaign>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// A campaign with what has come of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CampaignReport)]
pub struct Report {
    /// Which.
    pub campaign: Campaign,
    /// How far it is with its recipients.
    pub progress: Progress,
    /// Those who were skipped, by reason.
    pub skipped: Vec<Skipped>,
    /// What has come of it, by channel.
    pub channels: Vec<Channel>,
    /// All channels together.
    pub total: Results,
}

/// Recipients by state.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Progress {
    /// All of them, fixed when it started.
    pub recipients: i64,
    /// They have it.
    pub sent: i64,
    /// They do not get it.
    pub skipped: i64,
    /// They will hear it.
    pub waiting: i64,
}

/// How many were skipped for one reason.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Skipped {
    /// `opted_out`, `had_enough`, or the code of a refusal.
    pub because: String,
    /// How many.
    pub customers: i64,
}

/// One way by which it reached people.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CampaignChannel)]
pub struct Channel {
    /// Which group; null: everybody's own conversation.
    pub group_id: Option<ConversationId>,
    /// What has come of it.
    #[serde(flatten)]
    pub results: Results,
}

/// What has come of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CampaignResults)]
pub struct Results {
    /// Messages said.
    pub sent: i64,
    /// Coupons that came into wallets by them.
    pub claimed: i64,
    /// Of these, used on orders.
    pub used: i64,
    /// Openings of the link.
    pub visits: i64,
}

/// The shop's campaigns. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn page(
    app: &App,
    by: &Staff<ManageCampaigns>,
    cursor: &str,
    limit: u32,
) -> Result<CampaignPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<CampaignId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut campaigns = queries::campaigns(&mut tx, before, limit + 1).await?;
    let next_cursor = page::next(&mut campaigns, limit, |last| last.id);
    Ok(CampaignPage {
        campaigns,
        next_cursor,
    })
}

/// A campaign. Refuses with `not_found`.
pub async fn report(
    app: &App,
    by: &Staff<ManageCampaigns>,
    campaign: CampaignId,
) -> Result<Report> {
    let mut tx = app.store.begin(by.shop).await?;
    let found = queries::campaign(&mut tx, campaign).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    let (progress, skipped) = queries::progress(&mut tx, campaign).await?;
    let channels = queries::channels(&mut tx, campaign).await?;
    let total = channels
        .iter()
        .fold(Results::default(), |total, one| total.and(one.results));
    Ok(Report {
        campaign: found,
        progress,
        skipped,
        channels,
        total,
    })
}

impl Results {
    fn and(self, more: Self) -> Self {
        Self {
            sent: self.sent + more.sent,
            claimed: self.claimed + more.claimed,
            used: self.used + more.used,
            visits: self.visits + more.visits,
        }
    }
}
