//! Red packets in groups: a shop sends money of its balance to the members, in shares that were split and committed to before anybody came,
//! and whoever comes first takes the first.
//!
//! [`fair`] says what is in each share and knows no database; [`file`](mod@file) is what anybody can check it by. That nobody takes what is not there,
//! and nobody two, is decided by the row that is counted up and by unique rows. What somebody takes, the shop owes them ([`crate::payment::owed`])
//! until it says that it has paid it ([`pay_out`]).

pub mod books;
mod card;
pub mod dossier;
pub mod fair;
pub mod file;
pub mod pay_out;
mod picture;
mod queries;
pub mod rules;
pub mod send;
pub mod show;
pub mod take;
pub mod time_out;
mod words;

use jiff::{SignedDuration, Timestamp};
use proto::{RedPacketDeed, RedPacketShare, RedPacketState};
use serde::Serialize;

use self::rules::Rules;
use crate::{
    app::App,
    clock::millis,
    error::{Refusal, Result},
    fact::Fact,
    id::{ConversationId, RedPacketId},
    money::Money,
    store::Tx,
};

/// What was sent, who took it and the seed are kept for so long (two years).
const KEPT: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// A red packet in a group.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RedPacket {
    /// Its id.
    pub id: RedPacketId,
    /// The group.
    pub conversation_id: ConversationId,
    /// The message there that shows it.
    pub card_number: i64,
    /// Where it stands.
    pub state: RedPacketState,
    /// What was sent, for good.
    pub rules: Rules,
    /// SHA-256 of the rules, of the bytes that the file has.
    pub rules_hash: String,
    /// What the server has committed itself to.
    pub commitment: String,
    /// Revealed when it is over.
    pub seed: Option<String>,
    /// How many shares were taken.
    pub taken: i32,
    /// What was taken, minor units.
    pub taken_amount: Money,
    /// The hash of the last share that was taken and of all before it.
    pub last_link: String,
    /// When it was sent.
    #[schema(value_type = String)]
    pub sent_at: Timestamp,
    /// When the last share was taken, or the rest went back.
    #[schema(value_type = Option<String>)]
    pub closed_at: Option<Timestamp>,
    /// Until when nothing of it is removed: two years from its end.
    #[schema(value_type = Option<String>)]
    pub kept_until: Option<Timestamp>,
    /// The rules as they were hashed.
    #[serde(skip)]
    pub(crate) rules_text: String,
    #[serde(skip)]
    pub(crate) sealed_seed: String,
}

/// Somebody's share.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub place: i32,
    pub amount: Money,
    pub person: String,
    pub salt: String,
    pub link: String,
    pub at: Timestamp,
}

impl RedPacket {
    /// The row that its seed is sealed for.
    fn row(id: RedPacketId) -> String {
        format!("red_packets/{id}")
    }

    /// Refuses with `red_packet_empty` and `red_packet_over` what the statement would refuse: without writing anything.
    fn takeable(&self, now: Timestamp) -> Result<()> {
        match self.state {
            RedPacketState::Open if now < self.rules.ends_at => Ok(()),
            _ => Err(self.why_not().into()),
        }
    }

    /// Why nothing can be taken any more.
    fn why_not(&self) -> Refusal {
        if self.state == RedPacketState::Emptied {
            Refusal::RedPacketEmpty
        } else {
            Refusal::RedPacketOver
        }
    }

    /// What somebody keeps of having taken a share.
    fn share(&self, taken: Taken) -> RedPacketShare {
        RedPacketShare {
            red_packet_id: self.id.to_string(),
            place: taken.place.unsigned_abs(),
            amount: taken.amount.in_minor(),
            currency: self.rules.currency.clone(),
            commitment: self.commitment.clone(),
            person: taken.person,
            salt: taken.salt,
            link: taken.link,
            taken_at: millis(taken.at),
        }
    }
}

/// The seed, as it was committed to.
fn reveal(app: &App, red_packet: &RedPacket) -> Result<String> {
    let row = RedPacket::row(red_packet.id);
    let seed = app.vault.unseal(&row, &red_packet.sealed_seed);
    Ok(seed.map_err(anyhow::Error::from)?)
}

/// When a red packet is over that ends now, and until when it is kept.
fn closing(now: Timestamp) -> (Timestamp, Timestamp) {
    (now, now + KEPT)
}

/// The business remembers what was done with a red packet.
async fn remember(
    tx: &mut Tx,
    red_packet: &RedPacket,
    deed: RedPacketDeed,
    now: Timestamp,
) -> Result<()> {
    let fact = Fact::RedPacketMoved {
        red_packet_id: red_packet.id,
        conversation_id: red_packet.conversation_id,
        deed,
        state: red_packet.state,
        taken: red_packet.taken.into(),
        taken_amount: red_packet.taken_amount.in_minor(),
    };
    tx.remember(&fact, now).await
}
