//! The file of a draw: everything that it was decided by, so that anybody can decide it again without us (`souk verify-draw`).
//!
//! A file is written in one way only, so that no byte of it is without meaning: what has been changed is found, and said where.

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use proto::DrawReceipt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    fair::{self, ALGORITHM, LeftOut, Place, Ticket},
    proof,
};
use crate::id::DrawId;

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
    /// Seed and list, mixed.
    pub final_seed: String,
    /// Who had a hand in it.
    pub grade: Grade,
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
    /// Who has tickets and wins nothing.
    pub left_out: Vec<LeftOut>,
    /// Of all that.
    pub hash: String,
}

/// Whose doing the final seed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawGrade)]
pub enum Grade {
    /// Participants threw something in that nobody knew when the server committed itself.
    Participants,
    /// Nobody did: the server's commitment is all there is. Weaker, and the card says so.
    OperatorOnly,
}

/// What the rules say of how many places there are: the rest of them means nothing here.
#[derive(Deserialize)]
struct Sizes {
    algorithm: String,
    prizes: Vec<Quantity>,
    substitutes: usize,
}

#[derive(Deserialize)]
struct Quantity {
    quantity: usize,
}

impl Grade {
    /// By what is in the list.
    pub fn of(tickets: &[Ticket]) -> Self {
        if tickets.iter().any(|ticket| !ticket.nonce.is_empty()) {
            Self::Participants
        } else {
            Self::OperatorOnly
        }
    }
}

impl DrawFile {
    /// Decides a draw whose list is closed. Fails if the seed is not 32 bytes in hexadecimal, or the rules cannot be read.
    pub fn decide(
        (draw_id, rules, seed): (DrawId, String, String),
        tickets: Vec<Ticket>,
        left_out: Vec<LeftOut>,
    ) -> Result<Self> {
        let rules = RawValue::from_string(rules)?;
        let rules_hash = fair::rules_hash(rules.get());
        let commitment = fair::commitment(draw_id, &rules_hash, &seed);
        let last_link = tickets
            .last()
            .map_or_else(|| commitment.clone(), |last| last.link.clone());
        let hash = fair::close(tickets.len(), &last_link, &left_out);
        let final_seed = fair::mix(&seed, draw_id, &rules_hash, &hash)
            .context("the seed is not 32 bytes in hexadecimal")?;
        let (winners, substitutes) = places(&rules, &tickets, &left_out, &final_seed)?;
        Ok(Self {
            algorithm: ALGORITHM.to_owned(),
            draw_id,
            rules,
            rules_hash,
            commitment,
            close: Close {
                tickets: tickets.len(),
                last_link,
                left_out,
                hash,
            },
            seed,
            final_seed,
            grade: Grade::of(&tickets),
            tickets,
            winners,
            substitutes,
        })
    }

    /// The one way to write it: names in this order, two spaces a level, a newline at the end.
    pub fn text(&self) -> Result<String> {
        proof::write(self)
    }

    /// Decides it again, piece by piece: fails at the first piece that does not follow from those before it, and names it.
    pub fn verify(&self) -> Result<()> {
        ensure!(
            self.algorithm == ALGORITHM,
            "algorithm: this program knows {ALGORITHM} only"
        );
        ensure!(
            self.rules_hash == fair::rules_hash(self.rules.get()),
            "rules, rules_hash: the rules are not those that the hash was made of"
        );
        self.verify_tickets()?;
        ensure!(
            self.commitment == fair::commitment(self.draw_id, &self.rules_hash, &self.seed),
            "draw_id, commitment, seed: the server had not committed itself to this seed"
        );
        self.verify_close()?;
        let mixed = fair::mix(&self.seed, self.draw_id, &self.rules_hash, &self.close.hash)
            .context("seed: it is not 32 bytes in hexadecimal")?;
        ensure!(
            self.final_seed == mixed,
            "final_seed: it is not what seed and list give"
        );
        ensure!(
            self.grade == Grade::of(&self.tickets),
            "grade: it is not what the tickets say"
        );
        self.verify_places()
    }

    /// Whether somebody's tickets are in it as they were when they entered. Fails at the first that is not.
    pub fn verify_receipt(&self, receipt: &[u8]) -> Result<()> {
        let receipt: DrawReceipt =
            serde_json::from_slice(receipt).context("it is not the receipt of a draw")?;
        ensure!(
            receipt.draw_id == self.draw_id.to_string() && receipt.commitment == self.commitment,
            "receipt: it is of another draw"
        );
        for kept in &receipt.tickets {
            let listed = |ticket: &&Ticket| {
                (ticket.number, &ticket.person, &ticket.link)
                    == (kept.number, &receipt.person, &kept.link)
            };
            ensure!(
                self.tickets.iter().any(|ticket| listed(&ticket)),
                "receipt: ticket {} is not in the list as it was",
                kept.number
            );
        }
        Ok(())
    }

    fn verify_tickets(&self) -> Result<()> {
        let mut before = &self.commitment;
        for (index, ticket) in self.tickets.iter().enumerate() {
            let at = match index {
                0 => "commitment, tickets[0]".to_owned(),
                _ => format!("tickets[{index}]"),
            };
            ensure!(
                usize::try_from(ticket.number).is_ok_and(|number| number == index + 1),
                "{at}: its number is {}",
                ticket.number
            );
            ensure!(
                ticket.link == fair::link(before, ticket),
                "{at}: its link is not that of this ticket after those before it"
            );
            before = &ticket.link;
        }
        Ok(())
    }

    fn verify_close(&self) -> Result<()> {
        let last = self
            .tickets
            .last()
            .map_or(&self.commitment, |last| &last.link);
        ensure!(
            self.close.tickets == self.tickets.len(),
            "close.tickets: {} tickets are listed",
            self.tickets.len()
        );
        ensure!(
            self.close.last_link == *last,
            "close.last_link: it is not that of the last ticket"
        );
        let hash = fair::close(self.close.tickets, last, &self.close.left_out);
        ensure!(
            self.close.hash == hash,
            "close.left_out, close.hash: the hash is not that of this list"
        );
        Ok(())
    }

    fn verify_places(&self) -> Result<()> {
        let (tickets, left_out) = (&self.tickets, &self.close.left_out);
        let (winners, substitutes) = places(&self.rules, tickets, left_out, &self.final_seed)?;
        for (name, said, right) in [
            ("winners", &self.winners, winners),
            ("substitutes", &self.substitutes, substitutes),
        ] {
            for (index, place) in said.iter().enumerate() {
                ensure!(
                    right.get(index) == Some(place),
                    "{name}[{index}]: somebody else has this place, or nobody"
                );
            }
            ensure!(
                said.len() == right.len(),
                "{name}: {} belong here, {} are listed",
                right.len(),
                said.len()
            );
        }
        Ok(())
    }
}

/// What somebody who has checked it wants to read.
impl fmt::Display for DrawFile {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        writeln!(out, "draw {}: decided as committed to", self.draw_id)?;
        writeln!(
            out,
            "commitment {} (the card must have shown it)",
            self.commitment
        )?;
        let grade = match self.grade {
            Grade::Participants => "participants had a hand in it",
            Grade::OperatorOnly => "nobody but the server had a hand in it",
        };
        write!(out, "{} tickets; {grade}", self.tickets.len())?;
        for (name, places) in [("winner", &self.winners), ("substitute", &self.substitutes)] {
            for place in places {
                write!(
                    out,
                    "\n{name} {}: {} by ticket {}",
                    place.place, place.person, place.ticket
                )?;
            }
        }
        Ok(())
    }
}

/// Checks a file without anything else. Says what is wrong and where: a piece by its name, else a line.
pub fn verify(file: &[u8]) -> Result<DrawFile> {
    let read: DrawFile = proof::read(file)?;
    read.verify()?;
    proof::require_written(&read.text()?, file)?;
    Ok(read)
}

/// Who wins, and who follows, by the numbers in the rules.
fn places(
    rules: &RawValue,
    tickets: &[Ticket],
    left_out: &[LeftOut],
    final_seed: &str,
) -> Result<(Vec<Place>, Vec<Place>)> {
    let sizes: Sizes = serde_json::from_str(rules.get()).context("rules: they cannot be read")?;
    ensure!(
        sizes.algorithm == ALGORITHM,
        "rules.algorithm: this program knows {ALGORITHM} only"
    );
    let prizes = sizes.prizes.iter().map(|prize| prize.quantity);
    let prizes = prizes.fold(0, usize::saturating_add);
    let most = prizes.saturating_add(sizes.substitutes);
    let mut winners = fair::select(tickets, left_out, final_seed, most);
    let substitutes = winners.split_off(prizes.min(winners.len()));
    Ok((winners, substitutes))
}

#[cfg(test)]
mod tests;
