//! What is sent in a red packet: hashed, and never changed.

use jiff::{SignedDuration, Timestamp};
use proto::RedPacketKind;
use serde::{Deserialize, Serialize};

use super::{fair::ALGORITHM, words};
use crate::{
    error::{Result, refused_argument},
    id::ConversationId,
    money::Money,
    words as checked,
};

/// All of a red packet at most, in minor units: 200,000 yuan.
const LARGEST: i64 = 20_000_000;
/// Shares at most.
const SHARES: u32 = 500;
/// It is open so many minutes at most, and unless something else is said.
const LONGEST: u32 = 24 * 60;

/// Rules that were published: they are hashed in this order, and never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RedPacketRules)]
pub struct Rules {
    /// The way of splitting.
    pub algorithm: String,
    /// What the shop says with it.
    pub greeting: String,
    /// How it is split.
    pub kind: RedPacketKind,
    /// All of it, minor units.
    pub total: Money,
    /// How many shares.
    pub shares: u32,
    /// ISO 4217.
    pub currency: String,
    /// What nobody has taken by then goes back to the shop.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
}

/// A red packet to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRedPacket {
    /// A group of the shop's.
    pub conversation_id: ConversationId,
    /// `equal`: all shares are alike, to the minor unit; `lucky`: chance says how much is in each.
    pub kind: RedPacketKind,
    /// All of it, minor units, 1 to 20,000,000 and one at least for each share.
    pub total: Money,
    /// 1 to 500.
    pub shares: u32,
    /// What is said with it, 1 to 60 characters; null: the usual words.
    #[serde(default)]
    pub greeting: Option<String>,
    /// Open for so many minutes, 1 to 1,440; null: 1,440.
    #[serde(default)]
    pub minutes: Option<u32>,
}

impl NewRedPacket {
    /// What is published. Refuses with `invalid_argument`.
    pub(super) fn rules(&self, currency: String, now: Timestamp) -> Result<Rules> {
        self.check()?;
        let greeting = self.greeting.as_deref().unwrap_or(words::GREETING);
        let minutes = self.minutes.unwrap_or(LONGEST);
        Ok(Rules {
            algorithm: ALGORITHM.to_owned(),
            greeting: checked::line("greeting", greeting, 60)?.to_owned(),
            kind: self.kind,
            total: self.total,
            shares: self.shares,
            currency,
            ends_at: now + SignedDuration::from_mins(minutes.into()),
        })
    }

    fn check(&self) -> Result<()> {
        if self.kind == RedPacketKind::Unspecified {
            return Err(refused_argument("kind", "is `equal` or `lucky`"));
        }
        if !(1..=SHARES).contains(&self.shares) {
            return Err(refused_argument("shares", "are 1 to 500"));
        }
        if !(i64::from(self.shares)..=LARGEST).contains(&self.total.in_minor()) {
            let bounds = "is one minor unit at least for each share, and 20000000 at most";
            return Err(refused_argument("total", bounds));
        }
        if !(1..=LONGEST).contains(&self.minutes.unwrap_or(LONGEST)) {
            return Err(refused_argument("minutes", "are 1 to 1440"));
        }
        Ok(())
    }
}
