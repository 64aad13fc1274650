//! What a campaign would do: how many would hear it, and how it would read.

use serde::Serialize;

use super::{
    launch::{self, NewCampaign, Size},
    queries,
};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    error::Result,
    rights,
};

/// What would happen if it started now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DryRun {
    /// Messages that would be said to customers.
    pub messages: i64,
    /// Groups that would be told.
    pub groups: usize,
    /// Layer by layer.
    pub layers: Vec<LayerRun>,
}

/// What one layer would hear.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LayerRun {
    /// How many there are, and who of them would hear nothing.
    #[serde(flatten)]
    pub size: Size,
    /// What the first of them would read; empty if there is nobody.
    pub sample: String,
}

/// Looks, and says nothing to anybody. Refuses as [`launch::launch`] does, but not for want of people or coupons.
pub async fn dry_run(app: &App, by: &Staff<ManageCampaigns>, new: NewCampaign) -> Result<DryRun> {
    let now = app.clock.now();
    new.check(now)?;
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::rely(&mut tx, by).await?;
    let plan = launch::plan(&mut tx, &new, held).await?;
    let sizes = queries::sizes(&mut tx, &plan, now).await?;
    let heard = |size: &Size| size.customers - size.opted_out - size.banned - size.had_enough;
    let mut layers = vec![];
    for (layer, size) in plan.layers.iter().zip(&sizes) {
        let name = queries::first_name(&mut tx, &layer.condition, now).await?;
        layers.push(LayerRun {
            size: *size,
            sample: name.map_or_else(String::new, |name| layer.offer.words(&name)),
        });
    }
    Ok(DryRun {
        messages: sizes.iter().map(heard).sum(),
        groups: plan.notice.map_or(0, |notice| notice.group_ids.len()),
        layers,
    })
}
