//! What is in each share: texts, hashes, and nothing else. No database, no clock, no chance of its own, so that whoever has the file of a
//! red packet can split it again (docs/red-packets.md says all of this in words).
//!
//! Before anybody can take anything the server commits itself to a seed, and the seed says everything: how much chance puts into each
//! share, and in which order they lie. Every share that is taken is linked to the one before it.

use proto::RedPacketKind;

use crate::{id::RedPacketId, lottery::fair::hash, money::Money};

/// What all of this is called; another way of splitting gets another name.
pub const ALGORITHM: &str = "souk-packet-1";

/// What the server shows before the first share is taken: it can keep to one seed only.
pub fn commitment(red_packet: RedPacketId, rules_hash: &str, seed: &str) -> String {
    digest("commitment", &[&red_packet.to_string(), rules_hash, seed])
}

/// The shares, the one that is taken first first: each is 1 or more, and together they are exactly the total. Empty: there is no such way, for there are more
/// shares than minor units, or the kind is none.
pub fn split(total: Money, shares: u32, kind: RedPacketKind, seed: &str) -> Vec<Money> {
    let numbers = 1..=shares;
    let (each, weights): (i64, Vec<u64>) = match kind {
        RedPacketKind::Equal => (0, numbers.map(|_| 1).collect()),
        RedPacketKind::Lucky => (1, numbers.map(|number| weight(seed, number)).collect()),
        RedPacketKind::Unspecified => return vec![],
    };
    if total.in_minor() < i64::from(shares) {
        return vec![];
    }
    let rest = Money::minor(total.in_minor() - each * i64::from(shares));
    let parts = rest.split(&weights).into_iter();
    let parts = parts.map(|part| Money::minor(part.in_minor() + each));
    shuffle(seed, parts.collect())
}

/// Ties a share to the one that was taken before it; `before` the first one stands the commitment.
pub fn link(before: &str, place: u32, person: &str, amount: Money) -> String {
    let (place, amount) = (place.to_string(), amount.in_minor().to_string());
    digest("take", &[before, &place, person, &amount])
}

/// The name in the file of somebody who knows their salt.
pub fn pseudonym(red_packet: RedPacketId, user: &str, salt: &str) -> String {
    let mut whole = digest("person", &[&red_packet.to_string(), user, salt]);
    whole.truncate(32);
    whole
}

/// How much chance gives to a share, next to the others: the first 8 digits of its hash.
fn weight(seed: &str, number: u32) -> u64 {
    let hash = digest("weight", &[seed, &number.to_string()]);
    hash.get(..8)
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .unwrap_or_default()
}

/// In the order of their hashes, the lowest first: so nothing has to be divided.
fn shuffle(seed: &str, parts: Vec<Money>) -> Vec<Money> {
    let score = |number: u32| digest("order", &[seed, &number.to_string()]);
    let mut scored: Vec<(String, Money)> = (1..)
        .zip(parts)
        .map(|(number, part)| (score(number), part))
        .collect();
    scored.sort_by(|one, other| one.0.cmp(&other.0));
    scored.into_iter().map(|(_, part)| part).collect()
}

fn digest(kind: &str, lines: &[&str]) -> String {
    hash(ALGORITHM, kind, lines)
}

#[cfg(test)]
mod tests;
