//! The file of a red packet: everything that its shares were made of and who took them, so that anybody can split it again without us (`souk verify-packet`).

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use proto::{RedPacketKind, RedPacketShare};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fair::{self, ALGORITHM};
use crate::{
    id::RedPacketId,
    lottery::{fair::rules_hash, proof},
    money::Money,
};

/// Everything about a red packet that is over.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PacketFile {
    /// The way of splitting.
    pub algorithm: String,
    /// Which red packet.
    pub red_packet_id: RedPacketId,
    /// As they were published.
    #[schema(value_type = Object)]
    pub rules: Box<RawValue>,
    /// SHA-256 of the rules, of their bytes as they are here.
    pub rules_hash: String,
    /// What the card showed before the first share was taken.
    pub commitment: String,
    /// What the server had committed itself to.
    pub seed: String,
    /// What was in each share, the one that is taken first first; minor units.
    pub shares: Vec<Money>,
    /// Who took one, in the order in which they came.
    pub takes: Vec<Take>,
    /// What nobody took; minor units.
    pub returned: Money,
}

/// A share that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RedPacketTake)]
pub struct Take {
    /// 1, 2, 3 … without a gap.
    pub place: u32,
    /// Whose it is: a pseudonym, which only that person can recognise.
    pub person: String,
    /// What was in it, minor units.
    pub amount: Money,
    /// The hash of this share and of all that were taken before it.
    pub link: String,
}

/// What the rules say of how it is split: the rest of them means nothing here.
#[derive(Deserialize)]
struct Split {
    algorithm: String,
    kind: RedPacketKind,
    total: Money,
    shares: u32,
}

/// Shares of any red packet at most: who checks a file is not kept busy by its numbers.
const SHARES: u32 = 500;

impl PacketFile {
    /// Writes down a red packet that is over. Fails if the rules cannot be read.
    pub fn of(
        (red_packet_id, rules, seed): (RedPacketId, String, String),
        takes: Vec<Take>,
    ) -> Result<Self> {
        let rules = RawValue::from_string(rules)?;
        let rules_hash = rules_hash(rules.get());
        let commitment = fair::commitment(red_packet_id, &rules_hash, &seed);
        let shares = split(&rules, &seed)?;
        Ok(Self {
            algorithm: ALGORITHM.to_owned(),
            red_packet_id,
            rules,
            rules_hash,
            commitment,
            seed,
            returned: rest(&shares, takes.len())?,
            shares,
            takes,
        })
    }

    /// The one way to write it: names in this order, two spaces a level, a newline at the end.
    pub fn text(&self) -> Result<String> {
        proof::write(self)
    }

    /// Splits it again, piece by piece: fails at the first piece that does not follow from those before it, and names it.
    pub fn verify(&self) -> Result<()> {
        ensure!(
            self.algorithm == ALGORITHM,
            "algorithm: this program knows {ALGORITHM} only"
        );
        ensure!(
            self.rules_hash == rules_hash(self.rules.get()),
            "rules, rules_hash: the rules are not those that the hash was made of"
        );
        self.verify_takes()?;
        ensure!(
            self.commitment == fair::commitment(self.red_packet_id, &self.rules_hash, &self.seed),
            "red_packet_id, commitment, seed: the server had not committed itself to this seed"
        );
        self.verify_shares()
    }

    /// Whether somebody's share is in it as it was when they took it. Fails if it is not.
    pub fn verify_receipt(&self, receipt: &[u8]) -> Result<()> {
        let kept: RedPacketShare =
            serde_json::from_slice(receipt).context("it is not a share of a red packet")?;
        ensure!(
            kept.red_packet_id == self.red_packet_id.to_string()
                && kept.commitment == self.commitment,
            "receipt: it is of another red packet"
        );
        let listed = |take: &&Take| {
            (take.place, &take.person, take.amount, &take.link)
                == (
                    kept.place,
                    &kept.person,
                    Money::minor(kept.amount),
                    &kept.link,
                )
        };
        ensure!(
            self.takes.iter().any(|take| listed(&take)),
            "receipt: share {} is not in the file as it was",
            kept.place
        );
        Ok(())
    }

    fn verify_takes(&self) -> Result<()> {
        let mut before = &self.commitment;
        for (index, take) in self.takes.iter().enumerate() {
            let at = match index {
                0 => "commitment, takes[0]".to_owned(),
                _ => format!("takes[{index}]"),
            };
            ensure!(
                usize::try_from(take.place).is_ok_and(|place| place == index + 1),
                "{at}: its place is {}",
                take.place
            );
            ensure!(
                take.link == fair::link(before, take.place, &take.person, take.amount),
                "{at}: its link is not that of this share after those before it"
            );
            before = &take.link;
        }
        Ok(())
    }

    fn verify_shares(&self) -> Result<()> {
        let right = split(&self.rules, &self.seed)?;
        ensure!(
            self.shares.len() == right.len(),
            "shares: {} belong here, {} are listed",
            right.len(),
            self.shares.len()
        );
        for (index, (said, right)) in self.shares.iter().zip(&right).enumerate() {
            ensure!(
                said == right,
                "shares[{index}]: the seed puts {} into it",
                right.in_minor()
            );
        }
        for (index, take) in self.takes.iter().enumerate() {
            ensure!(
                right.get(index) == Some(&take.amount),
                "takes[{index}]: its amount is not what was in the share of its place"
            );
        }
        ensure!(
            self.returned == rest(&right, self.takes.len())?,
            "returned: it is not what nobody took"
        );
        Ok(())
    }
}

/// What somebody who has checked it wants to read.
impl fmt::Display for PacketFile {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        writeln!(
            out,
            "red packet {}: split as committed to",
            self.red_packet_id
        )?;
        writeln!(
            out,
            "commitment {} (the card must have shown it)",
            self.commitment
        )?;
        let returned = self.returned.in_minor();
        write!(out, "{} shares; {returned} went back", self.shares.len())?;
        for take in &self.takes {
            let amount = take.amount.in_minor();
            write!(out, "\nshare {}: {amount} to {}", take.place, take.person)?;
        }
        Ok(())
    }
}

/// Checks a file without anything else. Says what is wrong and where: a piece by its name, else a line.
pub fn verify(file: &[u8]) -> Result<PacketFile> {
    let read: PacketFile = proof::read(file)?;
    read.verify()?;
    proof::require_written(&read.text()?, file)?;
    Ok(read)
}

/// What is in each share, by the numbers in the rules.
fn split(rules: &RawValue, seed: &str) -> Result<Vec<Money>> {
    let split: Split = serde_json::from_str(rules.get()).context("rules: they cannot be read")?;
    ensure!(
        split.algorithm == ALGORITHM,
        "rules.algorithm: this program knows {ALGORITHM} only"
    );
    ensure!(
        (1..=SHARES).contains(&split.shares),
        "rules.shares: there are 1 to {SHARES}"
    );
    let shares = fair::split(split.total, split.shares, split.kind, seed);
    ensure!(!shares.is_empty(), "rules: nothing can be split by them");
    Ok(shares)
}

/// What is left behind so many takes.
fn rest(shares: &[Money], takes: usize) -> Result<Money> {
    Ok(Money::sum(shares.iter().skip(takes).copied())?)
}

#[cfg(test)]
mod tests;
