//! Campaigns on their way. Whichever node holds the schedule's lease takes them in turns, a batch of each; what another node has begun and not ended is
//! ended first.

use futures_util::future::join_all;
use proto::{Card, Message};

use super::{Offer, Plan, fingerprint, group, queries, tell};
use crate::{
    app::App,
    bot::voice::{self, Voice},
    conversation::Draft,
    error::{Error, Refusal, Result, Round},
    id::{CampaignId, ConversationId, GiftId, ShopId, UserId},
};

/// What one round starts at most.
const ROUND: i64 = 100;
/// So many batches are made ready at the same time: while the database writes one to its disk, it works on another. Three are no faster, and the chat
/// waits for them (docs/performance.md).
const AT_ONCE: usize = 2;
/// So many times that many are told before it is another campaign's turn.
const TIMES: usize = 3;

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

/// One who is next to hear it.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    /// Which one of them, from 1.
    pub place: i64,
    pub customer: UserId,
    pub name: String,
    pub layer: i16,
    pub conversation: Option<ConversationId>,
    /// Why they do not.
    pub because: Option<String>,
}

/// What became of a recipient.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// They have it, as this message, with this gift.
    Told(ConversationId, u64, Option<GiftId>),
    /// They do not get it, for this reason.
    Skipped(String),
}

/// A few batches, some at the same time. False: nothing could be moved at this moment.
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
    queries::advance(&mut tx, id).await?;
    tx.commit().await?;
    let mut moved = groups;
    for _ in 0..TIMES {
        // All of them end before the next begin: the stop button waits for no more.
        let told = join_all((0..AT_ONCE).map(|_| tell::tell(&under))).await;
        if told.into_iter().sum::<Result<usize>>()? == 0 {
            break;
        }
        moved = true;
        if app.tasks.soft().is_cancelled() {
            break;
        }
    }
    if moved {
        return Ok(true);
    }
    let mut tx = app.store.begin(shop).await?;
    queries::end(&mut tx, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(false)
}

/// The shop has silenced its own bot: its campaigns are over.
async fn silence(app: &App, shop: ShopId, id: CampaignId) -> Result<bool> {
    let now = app.clock.now();
    let mut tx = app.store.begin(shop).await?;
    queries::stop(&mut tx, id, "sender_disabled", now).await?;
    tx.commit().await?;
    Ok(false)
}

impl Under<'_> {
    /// What somebody hears.
    pub(super) fn offer(&self, of: &Recipient) -> Option<&Offer> {
        let layer = usize::try_from(of.layer).ok()?;
        Some(&self.plan.layers.get(layer)?.offer)
    }

    /// What the shop's own bot says. Under the same id it is said once, whatever it says.
    pub(super) fn draft_as(
        &self,
        client_message_id: String,
        conversation: ConversationId,
        text: String,
        card: Option<Card>,
    ) -> Draft {
        let message = Message {
            conversation_id: conversation.to_string(),
            client_message_id,
            sender: Some(self.voice.sender()),
            text,
            card,
            ..Message::default()
        };
        Draft {
            conversation,
            sender: Some(self.voice.user),
            message,
            fingerprint: Some(fingerprint(self.id)),
        }
    }
}

/// What the rules say no to is no failure of the campaign: it is this recipient's reason.
pub(super) fn refused(error: Error) -> Result<Refusal> {
    match error.refusal() {
        Some(code) if !error.is_weather() => Ok(code),
        _ => Err(error),
    }
}

pub(super) fn skipped(code: Refusal) -> Fate {
    use proto::json::Word as _;
    Fate::Skipped(code.word())
}
