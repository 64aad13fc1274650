//! Send a red packet into a group: the money leaves the shop's balance, the shares are split, and the server commits itself to them before anybody
//! can take one.

use proto::{Message, RedPacketDeed, RedPacketState};

use super::{
    RedPacket, card, fair,
    queries::{self, Place},
    remember,
    rules::{NewRedPacket, Rules},
};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    conversation::{Draft, log},
    error::{Refusal, Result},
    id::{ConversationId, RedPacketId, UserId},
    lottery::fair::rules_hash,
    money::Money,
    payment::owed,
    rights,
    store::Tx,
};

/// Red packets that may be open in one group.
const OPEN: i64 = 20;

/// A red packet whose shares are split and not told.
struct Sealed {
    red_packet: RedPacket,
    shares: Vec<Money>,
}

/// Sends one (recorded). Refuses with `balance_too_low`, `invalid_argument`, `not_found` if it is no group of the shop, `not_a_member` whoever is not in it,
/// `conversation_closed`, `quota_exceeded`, `rate_limited`.
pub async fn send(app: &App, by: &Staff<ManageCampaigns>, new: NewRedPacket) -> Result<RedPacket> {
    let now = app.clock.now();
    app.sends.take(by.actor.user)?;
    let mut tx = app.store.begin(by.shop).await?;
    // Nobody else takes from the balance meanwhile.
    rights::lock(&mut tx, by).await?;
    let rules = new.rules(queries::currency(&mut tx).await?, now)?;
    let place = queries::place(&mut tx, new.conversation_id).await?;
    place.ok_or(Refusal::NotFound)?.require_room()?;
    let Sealed {
        mut red_packet,
        shares,
    } = commit_to(app, new.conversation_id, rules)?;
    red_packet.card_number = post(app, &mut tx, by.actor.user, &red_packet).await?;
    queries::add(&mut tx, &red_packet, &shares, by.actor.user).await?;
    owed::set_aside(&mut tx, red_packet.id, red_packet.rules.total, now).await?;
    remember(&mut tx, &red_packet, RedPacketDeed::Send, now).await?;
    let deed = Deed::new(by.actor.user, "red_packet.sent", red_packet.id);
    let deed = deed.after(serde_json::to_value(&red_packet).ok());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(red_packet)
}

/// Throws the seed, and splits by it.
fn commit_to(app: &App, conversation_id: ConversationId, rules: Rules) -> Result<Sealed> {
    let id = RedPacketId::new();
    let seed = hex::encode(rand::random::<[u8; 32]>());
    let shares = fair::split(rules.total, rules.shares, rules.kind, &seed);
    let rules_text = serde_json::to_string(&rules).map_err(anyhow::Error::from)?;
    let rules_hash = rules_hash(&rules_text);
    let commitment = fair::commitment(id, &rules_hash, &seed);
    let red_packet = RedPacket {
        id,
        conversation_id,
        card_number: 0,
        state: RedPacketState::Open,
        rules,
        rules_hash,
        last_link: commitment.clone(),
        commitment,
        seed: None,
        taken: 0,
        taken_amount: Money::ZERO,
        sent_at: app.clock.now(),
        closed_at: None,
        kept_until: None,
        rules_text,
        sealed_seed: app.vault.seal(&RedPacket::row(id), &seed),
    };
    Ok(Sealed { red_packet, shares })
}

async fn post(app: &App, tx: &mut Tx, by: UserId, red_packet: &RedPacket) -> Result<i64> {
    let drawn = card::draw(red_packet);
    let message = Message {
        conversation_id: red_packet.conversation_id.to_string(),
        text: drawn.summary.clone(),
        card: Some(drawn),
        ..Message::default()
    };
    let draft = Draft {
        conversation: red_packet.conversation_id,
        sender: Some(by),
        message,
        fingerprint: None,
    };
    let posted = log::append(tx, &app.clock, draft).await?;
    Ok(posted.number.cast_signed())
}

impl Place {
    fn require_room(&self) -> Result<()> {
        if self.closed {
            return Err(Refusal::ConversationClosed.into());
        }
        if self.open >= OPEN {
            return Err(Refusal::QuotaExceeded.into());
        }
        Ok(())
    }
}
