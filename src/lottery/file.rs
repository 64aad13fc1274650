//! The file of a draw: everything that it was decided by, so that anybody can decide it again without us (`souk verify-draw`).
//!
//! A file is written in one way only, so that no byte of it is without meaning: what has been changed is found, and said where.

mod check;
mod said;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use proto::DrawGrade;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    fair::{self, ALGORITHM, Awaited, LeftOut, Place, Ticket},
    proof,
};
use crate::{
    beacon::{Chain, Value},
    id::DrawId,
};

/// Everything that a draw was decided by.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawFile {
    /// The way of deciding.
    pub algorithm: String,
    /// Which draw.
    pub draw_id: DrawId,
    /// As they were published.
    #[schema(value_type = Object)]
    pub rules: Box<RawValue>,
    /// SHA-256 of the rules, of their bytes as they are here.
    pub rules_hash: String,
    /// What the card showed before the first ticket.
    pub commitment: String,
    /// All of them.
    pub tickets: Vec<Ticket>,
    /// The list when it was closed.
    pub close: Close,
    /// What the server had committed itself to.
    pub seed: String,
    /// The value of the round; not there: none is awaited, or it is awaited still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<Value>,
    /// It was called off after its list was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Cancelled>,
    /// Seed and list, mixed, with a beacon also with round and randomness. Empty: it is not decided.
    pub final_seed: String,
    /// Who had a hand in it.
    pub grade: DrawGrade,
    /// Who won, the first prize first.
    pub winners: Vec<Place>,
    /// Who follows when a prize is not claimed.
    pub substitutes: Vec<Place>,
}

/// A closed list.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawClose)]
pub struct Close {
    /// How many tickets.
    pub tickets: usize,
    /// The link of the last one; without tickets the commitment.
    pub last_link: String,
    /// With a beacon: when that was, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// With a beacon: the round that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u64>,
    /// Who has tickets and wins nothing.
    pub left_out: Vec<LeftOut>,
    /// Of all that.
    pub hash: String,
}

/// A draw that was called off although its list was closed: whoever knows the round can say who would have won.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawCancelled)]
pub struct Cancelled {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Why.
    pub because: String,
    /// Of all that, and of the closed list.
    pub hash: String,
}

/// A closed list, with what decides it.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Which draw.
    pub draw: DrawId,
    /// As they were published, byte for byte.
    pub rules: String,
    /// What the server had committed itself to.
    pub seed: String,
    /// With a beacon.
    pub awaited: Option<Awaited>,
    /// All of them.
    pub tickets: Vec<Ticket>,
    /// Who wins nothing.
    pub left_out: Vec<LeftOut>,
}

/// What the rules say of how it is decided: the rest of them means nothing here.
#[derive(Deserialize)]
struct Terms {
    algorithm: String,
    prizes: Vec<Quantity>,
    substitutes: usize,
    target: Option<u32>,
    ends_at: Option<Timestamp>,
    beacon: Option<Chain>,
}

#[derive(Deserialize)]
struct Quantity {
    quantity: usize,
}

/// Whose doing the result is.
pub(super) fn grade(beacon: bool, thrown_in: bool) -> DrawGrade {
    match (beacon, thrown_in) {
        (true, _) => DrawGrade::Beacon,
        (false, true) => DrawGrade::Participants,
        (false, false) => DrawGrade::OperatorOnly,
    }
}

impl DrawFile {
    /// The file of a draw whose list is closed. It is decided if it needs no beacon, or if the value of its round is there, and if it was not called
    /// off (when, and why). Fails if the seed is not 32 bytes in hexadecimal, or the rules cannot be read.
    pub fn of(
        closed: Closed,
        beacon: Option<Value>,
        cancelled: Option<(i64, String)>,
    ) -> Result<Self> {
        let rules = RawValue::from_string(closed.rules)?;
        let terms = Terms::of(&rules)?;
        let rules_hash = fair::rules_hash(rules.get());
        let commitment = fair::commitment(closed.draw, &rules_hash, &closed.seed);
        let (tickets, awaited) = (closed.tickets, closed.awaited);
        let mut file = Self {
            algorithm: ALGORITHM.to_owned(),
            draw_id: closed.draw,
            close: Close::of(&tickets, &commitment, awaited, closed.left_out),
            rules,
            rules_hash,
            commitment,
            seed: closed.seed,
            beacon,
            cancelled: None,
            final_seed: String::new(),
            grade: terms.grade(&tickets),
            tickets,
            winners: vec![],
            substitutes: vec![],
        };
        file.cancelled = cancelled.map(|(at, because)| Cancelled {
            hash: fair::cancelled(&file.close.hash, at, &because),
            at,
            because,
        });
        if file.is_decided(&terms) {
            file.final_seed = file.mixed()?;
            (file.winners, file.substitutes) = file.places(&terms);
        }
        Ok(file)
    }

    /// The one way to write it: names in this order, two spaces a level, a newline at the end.
    pub fn text(&self) -> Result<String> {
        proof::write(self)
    }

    /// All that decides it is there.
    fn is_decided(&self, terms: &Terms) -> bool {
        self.cancelled.is_none() && terms.beacon.is_some() == self.beacon.is_some()
    }

    fn mixed(&self) -> Result<String> {
        let round = self.close.round.zip(self.beacon.as_ref());
        let round = round.map(|(round, value)| (round, &value.randomness[..]));
        let closed = (&self.rules_hash[..], &self.close.hash[..]);
        let mixed = fair::mix(&self.seed, self.draw_id, closed, round);
        mixed.context("seed: it is not 32 bytes in hexadecimal")
    }

    /// Who wins, and who follows, by the numbers in the rules.
    fn places(&self, terms: &Terms) -> (Vec<Place>, Vec<Place>) {
        let prizes = terms.prizes.iter().map(|prize| prize.quantity);
        let prizes = prizes.fold(0, usize::saturating_add);
        let most = prizes.saturating_add(terms.substitutes);
        let left_out = &self.close.left_out;
        let mut winners = fair::select(&self.tickets, left_out, &self.final_seed, most);
        let substitutes = winners.split_off(prizes.min(winners.len()));
        (winners, substitutes)
    }
}

impl Close {
    fn of(
        tickets: &[Ticket],
        commitment: &str,
        awaited: Option<Awaited>,
        left_out: Vec<LeftOut>,
    ) -> Self {
        let last_link = tickets.last().map_or(commitment, |last| &last.link);
        Self {
            tickets: tickets.len(),
            last_link: last_link.to_owned(),
            at: awaited.map(|awaited| awaited.at),
            round: awaited.map(|awaited| awaited.round),
            hash: fair::close(tickets.len(), last_link, awaited, &left_out),
            left_out,
        }
    }

    fn awaited(&self) -> Option<Awaited> {
        let (at, round) = self.at.zip(self.round)?;
        Some(Awaited { at, round })
    }
}

impl Terms {
    fn of(rules: &RawValue) -> Result<Self> {
        let terms: Self =
            serde_json::from_str(rules.get()).context("rules: they cannot be read")?;
        ensure!(
            terms.algorithm == ALGORITHM,
            "rules.algorithm: this program knows {ALGORITHM} only"
        );
        Ok(terms)
    }

    fn grade(&self, tickets: &[Ticket]) -> DrawGrade {
        let thrown_in = tickets.iter().any(|ticket| !ticket.nonce.is_empty());
        grade(self.beacon.is_some(), thrown_in)
    }
}

/// Checks a file without anything else. Says what is wrong and where: a piece by its name, else a line.
pub fn verify(file: &[u8]) -> Result<DrawFile> {
    let read: DrawFile = proof::read(file)?;
    read.verify()?;
    proof::require_written(&read.text()?, file)?;
    Ok(read)
}

#[cfg(test)]
mod beacon_tests;
#[cfg(test)]
mod tests;
