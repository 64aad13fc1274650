//! Launch a campaign (CMP-01, CMP-02, CMP-06): everything that can be wrong is refused before anything is said.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Campaign, LINK, Layer, Notice, Offer, Plan, State, queries};
use crate::{
    actor::{ManageCampaigns, Permissions, Staff},
    app::App,
    audit::{self, Deed},
    bot::voice::{self, Voice},
    coupon::packed,
    crm::segment,
    error::{Refusal, Result, refused_argument},
    group,
    id::{CampaignId, SegmentId},
    rights,
    store::Tx,
    words,
};

/// Layers of one campaign at most.
const LAYERS: usize = 10;
/// Groups that one campaign is posted to at most.
const GROUPS: usize = 50;
/// So far ahead at most.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Campaigns of one shop that wait or are under way at most.
const MOST: i64 = 100;
/// Characters of a text at most.
pub(super) const TEXT: usize = 2_000;

/// Whom one layer is for, and what they hear.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct NewLayer {
    /// Who hears it: the segment's members when the campaign starts, without those of the layers before.
    pub segment_id: SegmentId,
    /// What they hear.
    #[serde(flatten)]
    pub offer: Offer,
}

/// A campaign to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    /// What staff call it, 1 to 100 characters.
    pub name: String,
    /// Who hears what, 0 to 10; everybody hears one message at most, of the first layer that they are in.
    #[serde(default)]
    pub layers: Vec<NewLayer>,
    /// What groups are told; null: nothing.
    #[serde(default)]
    pub notice: Option<Notice>,
    /// When it starts, within a year; null: now.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub starts_at: Option<Timestamp>,
}

/// Launches a campaign (recorded). Refuses with `invalid_argument`, with `not_found` segments, groups and coupons that are not the shop's, with
/// `campaign_empty` if nobody would hear it, with `coupon_state` and `coupon_sold_out`, with `forbidden` coupons by whoever may give none, with
/// `staff_disabled` while the shop's own bot is silenced, with `quota_exceeded` beyond 100 at once.
pub async fn launch(app: &App, by: &Staff<ManageCampaigns>, new: NewCampaign) -> Result<Campaign> {
    let now = app.clock.now();
    new.check(now)?;
    let voice = voice::ensure(app, by).await?;
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::rely(&mut tx, by).await?;
    let campaign = new.campaign(now)?;
    let plan = plan(&mut tx, &new, held).await?;
    require_somebody(&mut tx, &plan, now).await?;
    if !queries::add(&mut tx, &campaign, &plan, by.actor.user, (MOST, now)).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    if let Some(notice) = &plan.notice {
        invite(app, &mut tx, by, &voice, notice).await?;
        queries::add_groups(&mut tx, campaign.id, &notice.group_ids).await?;
    }
    let after = json!({ "campaign": campaign, "plan": plan });
    let deed = Deed::new(by.actor.user, "campaign.launched", campaign.id).after(after);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(campaign)
}

/// Segments become the conditions that they have now. Refuses with `not_found`, `forbidden`, `coupon_state`.
pub(super) async fn plan(tx: &mut Tx, new: &NewCampaign, held: Permissions) -> Result<Plan> {
    let gives = new
        .layers
        .iter()
        .any(|layer| layer.offer.template_id.is_some())
        || new
            .notice
            .as_ref()
            .is_some_and(|notice| notice.template_id.is_some());
    require_giver(held, gives)?;
    let mut layers = vec![];
    for layer in &new.layers {
        layers.push(Layer {
            condition: segment::named(tx, layer.segment_id).await?.condition,
            offer: layer.offer.clone(),
        });
    }
    if let Some(notice) = &new.notice
        && !queries::has_groups(tx, &notice.group_ids).await?
    {
        return Err(Refusal::NotFound.into());
    }
    Ok(Plan {
        layers,
        notice: new.notice.clone(),
    })
}

/// Refuses with `forbidden` who may not give coupons, if any are given.
pub(super) fn require_giver(held: Permissions, gives: bool) -> Result<()> {
    if gives && !held.include(proto::Permission::GiveCoupons) {
        return Err(Refusal::Forbidden.into());
    }
    Ok(())
}

/// Refuses with `campaign_empty`, and with `coupon_sold_out` fewer coupons than people.
async fn require_somebody(tx: &mut Tx, plan: &Plan, now: Timestamp) -> Result<()> {
    let layers = queries::sizes(tx, plan, now).await?;
    if plan.notice.is_none() && layers.iter().all(|layer| layer.customers == 0) {
        return Err(Refusal::CampaignEmpty.into());
    }
    for (layer, size) in plan.layers.iter().zip(layers) {
        if let Some(template) = layer.offer.template_id {
            packed::supply(tx, template)
                .await?
                .require(size.customers)?;
        }
    }
    if let Some(notice) = &plan.notice
        && let Some(template) = notice.template_id
    {
        let pieces = i64::from(notice.pieces) * i64::try_from(notice.group_ids.len()).unwrap_or(1);
        packed::supply(tx, template).await?.require(pieces)?;
    }
    Ok(())
}

/// The shop's own bot comes into the groups where it is not yet, in order of their ids.
async fn invite(
    app: &App,
    tx: &mut Tx,
    by: &Staff<ManageCampaigns>,
    voice: &Voice,
    notice: &Notice,
) -> Result<()> {
    let mut groups = notice.group_ids.clone();
    groups.sort_unstable();
    for group in groups {
        if !voice::is_in(tx, voice, group).await? {
            group::bot::let_in(app, tx, &by.actor, group, voice.as_user()).await?;
        }
    }
    Ok(())
}

impl NewCampaign {
    pub(super) fn check(&self, now: Timestamp) -> Result<()> {
        words::name("name", &self.name)?;
        if self.layers.is_empty() && self.notice.is_none() {
            return Err(refused_argument("layers", "or a notice are needed"));
        }
        if self.layers.len() > LAYERS {
            return Err(refused_argument("layers", "are at most 10"));
        }
        let ahead = |at: Timestamp| at >= now && at <= now + AHEAD;
        if self.starts_at.is_some_and(|at| !ahead(at)) {
            return Err(refused_argument("starts_at", "is within a year from now"));
        }
        self.layers
            .iter()
            .try_for_each(|layer| layer.offer.check())?;
        self.notice.as_ref().map_or(Ok(()), Notice::check)
    }

    fn campaign(&self, now: Timestamp) -> Result<Campaign> {
        Ok(Campaign {
            id: CampaignId::new(),
            recall: false,
            name: words::name("name", &self.name)?.to_owned(),
            state: State::Scheduled,
            starts_at: self.starts_at.unwrap_or(now),
            started_at: None,
            ended_at: None,
            stopped_because: None,
        })
    }
}

impl Offer {
    /// Refuses with `invalid_argument`.
    pub(super) fn check(&self) -> Result<()> {
        words::text("text", &self.text, 1..=TEXT)?;
        words::line("fallback", &self.fallback, 20)?;
        Ok(())
    }
}

impl Notice {
    fn check(&self) -> Result<()> {
        words::text("text", &self.text, 1..=TEXT)?;
        let mut groups = self.group_ids.clone();
        groups.sort_unstable();
        groups.dedup();
        if !(1..=GROUPS).contains(&groups.len()) || groups.len() < self.group_ids.len() {
            return Err(refused_argument("group_ids", "are 1 to 50, each once"));
        }
        if !(1..=10_000).contains(&self.pieces) {
            return Err(refused_argument("pieces", "are 1 to 10000"));
        }
        if !(1..=43_200).contains(&self.minutes) {
            return Err(refused_argument("minutes", "are 1 to 43200"));
        }
        Ok(())
    }

    /// A link to the shop belongs into it.
    pub(super) fn wants_link(&self) -> bool {
        self.text.contains(LINK)
    }
}

/// How many hear one layer of a campaign.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = LayerSize)]
pub struct Size {
    /// Customers who are in this layer and in none before.
    pub customers: i64,
    /// Of them, who take no campaigns.
    pub opted_out: i64,
    /// Of them, whom the shop has banned.
    pub banned: i64,
    /// Of the others, who had as many today as one gets a day.
    pub had_enough: i64,
}
