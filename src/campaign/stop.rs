//! The stop button.

use serde_json::json;

use super::{Campaign, State, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::CampaignId,
    rights,
};

/// Nobody hears it any more, apart from the batch that is being said at this moment (recorded). A second time nothing happens. Refuses with
/// `not_found`, and with `campaign_state` one that is done.
pub async fn stop(
    app: &App,
    by: &Staff<ManageCampaigns>,
    campaign: CampaignId,
) -> Result<Campaign> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let stopped = queries::stop(&mut tx, campaign, "staff", now).await?;
    let found = queries::campaign(&mut tx, campaign).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    match (stopped, found.state) {
        (true, _) => {}
        (false, State::Stopped) => return Ok(found),
        _ => return Err(Refusal::CampaignState.into()),
    }
    let deed = Deed::new(by.actor.user, "campaign.stopped", campaign)
        .after(json!({ "state": found.state }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(found)
}
