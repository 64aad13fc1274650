//! What is published of a lottery: all that the law wants said before it begins, and what the draw is decided by.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::fair::ALGORITHM;
use crate::{
    beacon::Chain,
    coupon::terms::{Terms, Validity},
    error::{Refusal, Result, refused_argument, refused_because},
    id::{ConversationId, CouponTemplateId},
    money::Money,
    words,
};

/// One prize is worth so much at most, in minor units: 50,000 yuan.
const DEAREST: i64 = 5_000_000;
/// Prizes of one draw at most.
const PRIZES: u32 = 100;
/// A draw is open so long at most.
const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Rules that were published: they are hashed in this order, and never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = DrawRules)]
pub struct Rules {
    /// The way of deciding.
    pub algorithm: String,
    /// What it is called.
    pub title: String,
    /// Who holds it.
    pub organiser: String,
    /// How they are reached.
    pub contact: String,
    /// ISO 4217, of the prizes' values.
    pub currency: String,
    /// The first prize first; a person wins one at most.
    pub prizes: Vec<Prize>,
    /// Who may take part, in words; the shop's staff and whoever it has banned never.
    pub conditions: String,
    /// Who takes part.
    pub entry: Entry,
    /// Tickets for each friend who comes into the group by one's invitation for the first time.
    pub tickets_per_invite: u32,
    /// Tickets of one person at most.
    pub most_tickets: u32,
    /// Drawn when the group has so many members; null: at `ends_at`.
    pub target: Option<u32>,
    /// The end; nothing is drawn if there is a target and it was not reached.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
    /// So many follow the winners at most.
    pub substitutes: u32,
    /// How a prize comes to its winner.
    pub claim: Claim,
    /// The public source of chance that is mixed in; not there: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<Chain>,
}

/// Something to be won.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawPrizeTerms)]
pub struct Prize {
    /// Name and kind of what is won.
    #[serde(default)]
    pub name: String,
    /// What one is worth, minor units, at most 5,000,000: it counts as cost.
    #[serde(default)]
    pub value: Money,
    /// How many of it.
    #[serde(default)]
    pub quantity: u32,
    /// It is a coupon of these terms: in the winner's wallet at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponPrize>,
}

/// A coupon to be won. Publishing sets so many aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawCouponPrize)]
pub struct CouponPrize {
    /// Which.
    pub template_id: CouponTemplateId,
    /// What it takes off, filled in by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub terms: Option<Terms>,
    /// When it can be used, filled in by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub validity: Option<Validity>,
}

/// Who takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawEntry)]
pub enum Entry {
    /// Every customer who is in the group when it is drawn; entering adds a receipt and one's own chance.
    #[default]
    EveryMember,
    /// Those who have entered and are still there.
    WhoEnters,
}

/// How a prize comes to its winner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = DrawClaim)]
pub struct Claim {
    /// How to claim it.
    pub how: String,
    /// For so many days, 1 to 365.
    pub days: u32,
    /// How it is delivered.
    pub delivery: String,
    /// What happens to what is not claimed.
    pub forfeiture: String,
}

/// A lottery to be. What is missing of what has to be published is refused with `draw_incomplete`.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraw {
    /// The group.
    pub conversation_id: ConversationId,
    /// 1 to 60 characters.
    #[serde(default)]
    pub title: String,
    /// Who holds it, 1 to 100 characters.
    #[serde(default)]
    pub organiser: String,
    /// How they are reached, 1 to 100 characters.
    #[serde(default)]
    pub contact: String,
    /// The first prize first; at most 10 kinds and 100 in all.
    #[serde(default)]
    pub prizes: Vec<Prize>,
    /// Who may take part, 1 to 500 characters.
    #[serde(default)]
    pub conditions: String,
    /// Who takes part.
    #[serde(default)]
    pub entry: Entry,
    /// Tickets for each friend, 0 to 10.
    #[serde(default = "one")]
    pub tickets_per_invite: u32,
    /// Tickets of one person at most, 1 to 20.
    #[serde(default = "five")]
    pub most_tickets: u32,
    /// Drawn when the group has so many members; null: at `ends_at`.
    #[serde(default)]
    pub target: Option<u32>,
    /// The end, at most 90 days from now.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub ends_at: Option<Timestamp>,
    /// So many follow the winners at most, 0 to 100; null: as many as there are prizes.
    #[serde(default)]
    pub substitutes: Option<u32>,
    /// How a prize comes to its winner.
    #[serde(default)]
    pub claim: Claim,
}

fn one() -> u32 {
    1
}

fn five() -> u32 {
    5
}

impl NewDraw {
    /// What is published. Refuses with `draw_incomplete`, which names all that is missing, and with `invalid_argument` what is out of bounds.
    pub(super) fn rules(
        self,
        currency: String,
        beacon: Option<Chain>,
        now: Timestamp,
    ) -> Result<Rules> {
        self.require_complete()?;
        let ends_at = self
            .ends_at
            .filter(|at| *at > now && *at <= now + LONGEST)
            .ok_or_else(|| refused_argument("ends_at", "is later than now, by 90 days at most"))?;
        let rules = Rules {
            algorithm: ALGORITHM.to_owned(),
            title: words::line("title", &self.title, 60)?.to_owned(),
            organiser: words::line("organiser", &self.organiser, 100)?.to_owned(),
            contact: words::line("contact", &self.contact, 100)?.to_owned(),
            currency,
            substitutes: self.substitutes.unwrap_or_else(|| count(&self.prizes)),
            prizes: self.prizes,
            conditions: self.conditions,
            entry: self.entry,
            tickets_per_invite: self.tickets_per_invite,
            most_tickets: self.most_tickets,
            target: self.target,
            ends_at,
            claim: self.claim,
            beacon,
        };
        rules.check()?;
        Ok(rules)
    }

    /// The checklist of what has to be published before a draw begins.
    fn require_complete(&self) -> Result<()> {
        let prizes = || self.prizes.iter();
        let said = [
            ("title", !self.title.is_empty()),
            ("organiser", !self.organiser.is_empty()),
            ("contact", !self.contact.is_empty()),
            ("prizes", !self.prizes.is_empty()),
            ("prizes.name", prizes().all(|prize| !prize.name.is_empty())),
            (
                "prizes.value",
                prizes().all(|prize| prize.value > Money::ZERO),
            ),
            ("prizes.quantity", prizes().all(|prize| prize.quantity > 0)),
            ("conditions", !self.conditions.is_empty()),
            ("ends_at", self.ends_at.is_some()),
            ("claim.how", !self.claim.how.is_empty()),
            ("claim.days", self.claim.days > 0),
            ("claim.delivery", !self.claim.delivery.is_empty()),
            ("claim.forfeiture", !self.claim.forfeiture.is_empty()),
        ];
        let missing: Vec<&str> = said
            .iter()
            .filter_map(|(name, said)| (!said).then_some(*name))
            .collect();
        match missing.first() {
            None => Ok(()),
            Some(first) => Err(refused_because(
                Refusal::DrawIncomplete,
                first,
                format!(
                    "A draw cannot be published without: {}.",
                    missing.join(", ")
                ),
            )),
        }
    }
}

impl Rules {
    /// Winners at most.
    pub fn winners(&self) -> u32 {
        count(&self.prizes)
    }

    /// The prize of each winner, in their order.
    pub(super) fn prizes_in_order(&self) -> impl Iterator<Item = i32> {
        (0..)
            .zip(&self.prizes)
            .flat_map(|(prize, of)| std::iter::repeat_n(prize, of.quantity as usize))
    }

    /// Tickets that somebody has a right to who has brought so many friends.
    pub(super) fn tickets_for(&self, friends: i64) -> i64 {
        let earned = friends.saturating_mul(self.tickets_per_invite.into());
        earned.saturating_add(1).min(self.most_tickets.into())
    }

    fn check(&self) -> Result<()> {
        if self.prizes.len() > 10 || self.winners() > PRIZES {
            return Err(refused_argument(
                "prizes",
                "are 10 kinds and 100 in all at most",
            ));
        }
        for prize in &self.prizes {
            words::line("prizes.name", &prize.name, 60)?;
            if prize.value.in_minor() > DEAREST {
                return Err(refused_argument("prizes.value", "is 5000000 at most"));
            }
        }
        let texts = [
            ("conditions", &self.conditions),
            ("claim.how", &self.claim.how),
            ("claim.delivery", &self.claim.delivery),
            ("claim.forfeiture", &self.claim.forfeiture),
        ];
        for (name, text) in texts {
            words::text(name, text, 1..=500)?;
        }
        let numbers = [
            ("tickets_per_invite", self.tickets_per_invite, 0..=10),
            ("most_tickets", self.most_tickets, 1..=20),
            ("target", self.target.unwrap_or(2), 2..=100_000),
            ("substitutes", self.substitutes, 0..=100),
            ("claim.days", self.claim.days, 1..=365),
        ];
        for (name, number, bounds) in numbers {
            if !bounds.contains(&number) {
                let wrong = format!("is {} to {}", bounds.start(), bounds.end());
                return Err(refused_argument(name, &wrong));
            }
        }
        Ok(())
    }
}

fn count(prizes: &[Prize]) -> u32 {
    let quantities = prizes.iter().map(|prize| prize.quantity);
    quantities.fold(0, u32::saturating_add)
}
