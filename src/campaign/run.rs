//! Campaigns on their way. Whichever node holds the schedule's lease takes them in turns, a batch of each; what another node has begun and not ended is
//! ended first.

use super::{Plan, group, offer, queries, say};
use crate::{
    app::App,
    bot::voice::{self, Voice},
    error::{Result, Round},
    id::{CampaignId, ConversationId, ShopId, UserId},
};

/// What one round starts at most.
const ROUND: i64 = 100;
/// Recipients of one batch.
const BATCH: i64 = 1_000;

/// Starts what is due, and says what is to be said until nothing is left that may be said now.
pub async fn due(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut round = Round::default();
    for (shop, campaign) in queries::to_start(app.store.pool(), now, ROUND).await? {
        round.note(start(app, shop, campaign).await)?;
    }
    loop {
        let mut moved = false;
        for (shop, campaign) in queries::under_way(app.store.pool(), app.clock.now(), ROUND).await?
        {
            if app.tasks.soft().is_cancelled() {
                return round.end();
            }
            match step(app, shop, campaign).await {
                Ok(more) => moved |= more,
                Err(error) => round.note(Err(error))?,
            }
        }
        if !moved {
            return round.end();
        }
    }
}

/// Its recipients are fixed, by one statement.
async fn start(app: &App, shop: ShopId, campaign: CampaignId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    queries::start(&mut tx, campaign, app.clock.now()).await?;
    tx.commit().await
}

/// A campaign with whoever says it.
pub(super) struct Under<'a> {
    pub app: &'a App,
    pub shop: ShopId,
    pub id: CampaignId,
    pub plan: &'a Plan,
    pub voice: &'a Voice,
}

/// One who is about to hear it.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    pub customer: UserId,
    pub name: String,
    pub layer: i16,
    pub conversation: Option<ConversationId>,
}

/// What became of a recipient.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// They have it, as this message.
    Sent(ConversationId, u64),
    /// They do not get it, for this reason.
    Skipped(String),
}

/// One batch. False: nothing could be moved at this moment.
async fn step(app: &App, shop: ShopId, id: CampaignId) -> Result<bool> {
    let Some(plan) = queries::plan(app.store.pool(), shop, id).await? else {
        return Ok(false);
    };
    let voice = voice::find(app, shop).await?;
    let Some(voice) = voice.filter(|voice| !voice.disabled) else {
        return silence(app, shop, id).await;
    };
    let under = Under {
        app,
        shop,
        id,
        plan: &plan,
        voice: &voice,
    };
    let groups = group::tell(&under).await?;
    let mut tx = app.store.begin(shop).await?;
    let (taken, batch) = queries::take(&mut tx, id, BATCH, app.clock.now()).await?;
    tx.commit().await?;
    let (gifted, told): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .partition(|one| under.coupon(one).is_some());
    let said = say::say(&under, told).await?;
    let given = offer::give(&under, gifted).await?;
    if taken == 0 && !groups {
        let mut tx = app.store.begin(shop).await?;
        queries::end(&mut tx, id, app.clock.now()).await?;
        tx.commit().await?;
        return Ok(false);
    }
    Ok(said && given)
}

/// The shop has silenced its own bot: its campaigns are over.
async fn silence(app: &App, shop: ShopId, id: CampaignId) -> Result<bool> {
    let now = app.clock.now();
    let mut tx = app.store.begin(shop).await?;
    queries::stop(&mut tx, id, "sender_disabled", now).await?;
    queries::let_go(&mut tx, id).await?;
    tx.commit().await?;
    Ok(false)
}

impl Under<'_> {
    /// What somebody hears.
    pub(super) fn offer(&self, of: &Recipient) -> Option<&super::Offer> {
        let layer = usize::try_from(of.layer).ok()?;
        Some(&self.plan.layers.get(layer)?.offer)
    }

    /// Which coupon they get.
    fn coupon(&self, of: &Recipient) -> Option<crate::id::CouponTemplateId> {
        self.offer(of)?.template_id
    }
}
