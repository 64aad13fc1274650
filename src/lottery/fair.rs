//! How a draw is decided: texts, hashes, and nothing else. No database, no clock, no chance of its own, so that whoever has the
//! file of a draw can decide it again (docs/lottery.md says all of this in words).
//!
//! Before the first ticket the server commits itself to a seed. Every ticket is linked to the one before it. When the list is closed,
//! its hash and the seed give the final seed, and this gives every ticket a score: the lowest scores win, in their order.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::id::DrawId;

/// What all of this is called; another way of deciding gets another name.
pub const ALGORITHM: &str = "souk-draw-1";

/// One chance. A person may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawTicket)]
pub struct Ticket {
    /// 1, 2, 3 … without a gap.
    pub number: u32,
    /// Whose it is: a pseudonym, which only that person can recognise.
    pub person: String,
    /// Why there is one.
    pub because: Because,
    /// What the person threw in, in hexadecimal; empty: nothing.
    pub nonce: String,
    /// The hash of this ticket and of all before it.
    pub link: String,
}

/// Why somebody has a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawTicketBecause)]
pub enum Because {
    /// They entered.
    Entered,
    /// A friend came into the group by their invitation.
    Invited,
    /// They were in the group when the list was closed.
    Member,
}

/// Somebody with tickets who wins nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawLeftOut)]
pub struct LeftOut {
    /// The pseudonym.
    pub person: String,
    /// Why.
    pub because: WhyOut,
}

/// Why somebody wins nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawLeftOutBecause)]
pub enum WhyOut {
    /// They were not in the group any more when the list was closed.
    Left,
    /// They work for the shop.
    Staff,
    /// The shop has banned them.
    Banned,
}

/// Somebody in the order of the scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawPlace)]
pub struct Place {
    /// 1: the lowest score.
    pub place: u32,
    /// The pseudonym.
    pub person: String,
    /// Their best ticket.
    pub ticket: u32,
    /// Its score.
    pub score: String,
}

/// What the server shows before the first ticket: it can keep to one seed only.
pub fn commitment(draw: DrawId, rules_hash: &str, seed: &str) -> String {
    digest("commitment", &[&draw.to_string(), rules_hash, seed])
}

/// The hash of the rules, of their bytes as they are in the file.
pub fn rules_hash(rules: &str) -> String {
    hex::encode(Sha256::digest(rules))
}

/// Ties a ticket to the one before it; `before` the first one stands the commitment.
pub fn link(before: &str, ticket: &Ticket) -> String {
    let number = ticket.number.to_string();
    let because = word(ticket.because);
    digest(
        "ticket",
        &[before, &number, &ticket.person, &because, &ticket.nonce],
    )
}

/// When a list was closed that a beacon decides, and by which round of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Its number.
    pub round: u64,
}

/// The hash of the closed list: how many tickets, the last link, with a beacon when that was and which round is awaited, who is left out.
pub fn close(
    tickets: usize,
    last_link: &str,
    awaited: Option<Awaited>,
    left_out: &[LeftOut],
) -> String {
    let mut lines = vec![tickets.to_string(), last_link.to_owned()];
    let awaited = awaited.map(|awaited| [awaited.at.to_string(), awaited.round.to_string()]);
    lines.extend(awaited.into_iter().flatten());
    let out = left_out.iter();
    lines.extend(out.map(|out| format!("{} {}", out.person, word(out.because))));
    digest(
        "close",
        &lines.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}

/// The hash of a draw that was called off after its list was closed: when (milliseconds since 1970), and why.
pub fn cancelled(close: &str, at: i64, because: &str) -> String {
    digest("cancelled", &[close, &at.to_string(), because])
}

/// Mixes the seed with what the participants did, and with a beacon with a round and its randomness. `None`: the seed is not 32 bytes in
/// hexadecimal.
pub fn mix(
    seed: &str,
    draw: DrawId,
    (rules_hash, close): (&str, &str),
    beacon: Option<(u64, &str)>,
) -> Option<String> {
    let key = hex::decode(seed).ok().filter(|key| key.len() == 32)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    let (draw, round) = (draw.to_string(), beacon.map(|(round, _)| round.to_string()));
    let mut lines = vec![&draw[..], rules_hash, close];
    lines.extend(round.as_deref());
    lines.extend(beacon.map(|(_, randomness)| randomness));
    mac.update(text("mix", &lines).as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}

/// What a ticket scores.
pub fn score(final_seed: &str, ticket: &Ticket) -> String {
    digest(
        "score",
        &[final_seed, &ticket.number.to_string(), &ticket.person],
    )
}

/// The first so many people in the order of their best scores, each once, without those who are left out.
pub fn select(
    tickets: &[Ticket],
    left_out: &[LeftOut],
    final_seed: &str,
    people: usize,
) -> Vec<Place> {
    let mut done: BTreeSet<&str> = left_out.iter().map(|out| &out.person[..]).collect();
    let mut scores: Vec<(String, &Ticket)> = tickets
        .iter()
        .map(|ticket| (score(final_seed, ticket), ticket))
        .collect();
    scores.sort_unstable_by(|one, other| (&one.0, one.1.number).cmp(&(&other.0, other.1.number)));
    let first_of_each = scores
        .into_iter()
        .filter(|(_, ticket)| done.insert(&ticket.person));
    (1..)
        .zip(first_of_each.take(people))
        .map(|(place, (score, ticket))| Place {
            place,
            person: ticket.person.clone(),
            ticket: ticket.number,
            score,
        })
        .collect()
}

/// The name in the list of somebody who knows their salt.
pub fn pseudonym(draw: DrawId, user: &str, salt: &str) -> String {
    let mut whole = digest("person", &[&draw.to_string(), user, salt]);
    whole.truncate(32);
    whole
}

fn digest(kind: &str, lines: &[&str]) -> String {
    hash(ALGORITHM, kind, lines)
}

fn text(kind: &str, lines: &[&str]) -> String {
    text_of(ALGORITHM, kind, lines)
}

/// The hash, in hexadecimal, of some lines: of which algorithm, and of what kind, is hashed with them.
pub(crate) fn hash(algorithm: &str, kind: &str, lines: &[&str]) -> String {
    hex::encode(Sha256::digest(text_of(algorithm, kind, lines)))
}

/// What is hashed: `souk-draw-1 kind`, then the lines, each with its end.
fn text_of(algorithm: &str, kind: &str, lines: &[&str]) -> String {
    let mut text = format!("{algorithm} {kind}\n");
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// As the file has it.
fn word(because: impl Serialize) -> String {
    let word = serde_json::to_value(because).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
