//! Publish a lottery in a group: rules are frozen and hashed, a seed is thrown and committed to, the card appears (LOT-01). All of it before
//! anybody can have a ticket.

use jiff::SignedDuration;
use proto::{DrawDeed, DrawState, Message};

use super::{
    Draw, card, fair,
    queries::{self, Place},
    rules::{NewDraw, Rules},
};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    conversation::{Draft, log},
    coupon::prize::{self, Prizes},
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, DrawId, UserId},
    rights,
    store::Tx,
};

/// Draws that may be open in one group.
const OPEN: i64 = 5;
/// Coupons for winners lie ready for so long after the end: for those who cannot be reached at once.
const ASIDE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Publishes. Refuses with `draw_incomplete` what lacks something that has to be published, before anything is sent; with `invalid_argument`,
/// `not_found` if it is no group of the shop, as a claim does for coupons that cannot be set aside, `conversation_closed`, `quota_exceeded`, `rate_limited`.
pub async fn publish(app: &App, by: &Staff<ManageCampaigns>, new: NewDraw) -> Result<Draw> {
    let now = app.clock.now();
    let group = new.conversation_id;
    app.sends.take(by.actor.user)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let mut rules = new.rules(
        queries::currency(&mut tx).await?,
        app.beacon.chain().cloned(),
        now,
    )?;
    write_terms(&mut tx, &mut rules).await?;
    let place = queries::place(&mut tx, group)
        .await?
        .ok_or(Refusal::NotFound)?;
    place.require_room(&rules)?;
    let mut draw = commit_to(app, group, rules)?;
    draw.card_number = post(app, &mut tx, by.actor.user, &draw).await?;
    queries::add(&mut tx, &draw, by.actor.user).await?;
    set_aside(&mut tx, &draw, by.actor.user).await?;
    super::hold::remember(&mut tx, &draw, DrawDeed::Publish, now).await?;
    let deed = Deed::new(by.actor.user, "draw.published", draw.id);
    let deed = deed.after(serde_json::to_value(&draw).ok());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(draw)
}

/// What a coupon takes off and when is part of what is published.
async fn write_terms(tx: &mut Tx, rules: &mut Rules) -> Result<()> {
    let coupons = rules.prizes.iter_mut();
    for coupon in coupons.filter_map(|prize| prize.coupon.as_mut()) {
        let template = prize::terms(tx, coupon.template_id).await?;
        coupon.terms = Some(template.terms);
        coupon.validity = Some(template.validity);
    }
    Ok(())
}

/// No prize is invented: coupons are taken out of their template now.
async fn set_aside(tx: &mut Tx, draw: &Draw, by: UserId) -> Result<()> {
    for (number, of) in (0..).zip(&draw.rules.prizes) {
        let Some(coupon) = &of.coupon else { continue };
        let prizes = Prizes {
            template: coupon.template_id,
            conversation: draw.conversation_id,
            pieces: of.quantity,
            until: draw.rules.ends_at + ASIDE,
            by,
        };
        let gift = prize::set_aside(tx, &prizes, draw.opened_at).await?;
        queries::add_gift(tx, draw.id, (number, gift)).await?;
    }
    Ok(())
}

/// Throws the seed.
fn commit_to(app: &App, conversation_id: ConversationId, rules: Rules) -> Result<Draw> {
    let id = DrawId::new();
    let seed = hex::encode(rand::random::<[u8; 32]>());
    let rules_text = serde_json::to_string(&rules).map_err(anyhow::Error::from)?;
    let rules_hash = fair::rules_hash(&rules_text);
    let commitment = fair::commitment(id, &rules_hash, &seed);
    Ok(Draw {
        id,
        conversation_id,
        card_number: 0,
        state: DrawState::Open,
        rules,
        rules_hash,
        last_link: commitment.clone(),
        commitment,
        seed: None,
        close_hash: None,
        round: None,
        round_at: None,
        beacon: None,
        cancelled_at: None,
        people: 0,
        tickets: 0,
        opened_at: app.clock.now(),
        closed_at: None,
        cancelled_because: None,
        kept_until: None,
        rules_text,
        sealed_seed: app.vault.seal(&Draw::row(id), &seed),
    })
}

async fn post(app: &App, tx: &mut Tx, by: UserId, draw: &Draw) -> Result<i64> {
    let drawn = card::draw(draw, &[], false);
    let message = Message {
        conversation_id: draw.conversation_id.to_string(),
        text: drawn.summary.clone(),
        card: Some(drawn),
        ..Message::default()
    };
    let draft = Draft {
        conversation: draw.conversation_id,
        sender: Some(by),
        message,
        fingerprint: None,
    };
    let posted = log::append(tx, &app.clock, draft).await?;
    Ok(posted.number.cast_signed())
}

impl Place {
    fn require_room(&self, rules: &Rules) -> Result<()> {
        if self.closed {
            return Err(Refusal::ConversationClosed.into());
        }
        if self.open_draws >= OPEN {
            return Err(Refusal::QuotaExceeded.into());
        }
        let reached = |target| i64::from(target) <= i64::from(self.members);
        if rules.target.is_some_and(reached) {
            return Err(refused_argument("target", "is reached already"));
        }
        Ok(())
    }
}
