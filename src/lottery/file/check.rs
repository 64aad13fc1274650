//! Decide a draw again from its file, piece by piece.

use anyhow::{Context as _, Result, bail, ensure};
use proto::DrawReceipt;

use super::{
    super::fair::{self, ALGORITHM, Ticket},
    DrawFile, Terms,
};
use crate::{beacon::chain::Forged, clock::millis};

impl DrawFile {
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
        let terms = Terms::of(&self.rules)?;
        self.verify_close()?;
        self.verify_round(&terms)?;
        self.verify_beacon(&terms)?;
        self.verify_cancelled(&terms)?;
        self.verify_seed(&terms)?;
        ensure!(
            self.grade == terms.grade(&self.tickets),
            "grade: it is not what rules and tickets say"
        );
        self.verify_places(&terms)
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
        let close = &self.close;
        ensure!(
            close.tickets == self.tickets.len(),
            "close.tickets: {} tickets are listed",
            self.tickets.len()
        );
        ensure!(
            close.last_link == *last,
            "close.last_link: it is not that of the last ticket"
        );
        let hash = fair::close(close.tickets, last, close.awaited(), &close.left_out);
        ensure!(
            close.hash == hash,
            "close.at, close.round, close.left_out, close.hash: the hash is not that of this list"
        );
        Ok(())
    }

    /// The round begins after the list was closed, and it is the first one: nobody could choose it.
    fn verify_round(&self, terms: &Terms) -> Result<()> {
        let Some(chain) = &terms.beacon else {
            let none = self.close.at.is_none() && self.close.round.is_none();
            ensure!(none, "close.at, close.round: the rules name no beacon");
            return Ok(());
        };
        chain.check().context("rules.beacon")?;
        let Some(awaited) = self.close.awaited() else {
            bail!("close.at, close.round: the rules name a beacon");
        };
        ensure!(
            awaited.round == chain.round_after(awaited.at),
            "close.at, close.round: it is not the first round that begins a period after the list was closed"
        );
        let early = |ends_at| terms.target.is_none() && awaited.at < millis(ends_at);
        ensure!(
            !terms.ends_at.is_some_and(early),
            "close.at: the list was closed before the rules say"
        );
        Ok(())
    }

    fn verify_beacon(&self, terms: &Terms) -> Result<()> {
        let Some(value) = &self.beacon else {
            return Ok(());
        };
        let Some((chain, round)) = terms.beacon.as_ref().zip(self.close.round) else {
            bail!("beacon: the rules name none");
        };
        match chain.verify(round, value) {
            Err(forged @ Forged::Signature) => bail!("close.round, beacon.signature: {forged}"),
            Err(forged @ Forged::Randomness) => bail!("beacon.randomness: {forged}"),
            Ok(()) => Ok(()),
        }
    }

    fn verify_cancelled(&self, terms: &Terms) -> Result<()> {
        let Some(cancelled) = &self.cancelled else {
            return Ok(());
        };
        ensure!(
            terms.beacon.is_some() && self.beacon.is_none(),
            "beacon, cancelled: a draw that was decided cannot be called off"
        );
        ensure!(
            cancelled.hash == fair::cancelled(&self.close.hash, cancelled.at, &cancelled.because),
            "cancelled: the hash is not that of time and reason"
        );
        ensure!(
            self.close.at.is_some_and(|closed| closed <= cancelled.at),
            "cancelled.at: its list was not closed then"
        );
        Ok(())
    }

    fn verify_seed(&self, terms: &Terms) -> Result<()> {
        let mixed = self.mixed()?;
        if self.is_decided(terms) {
            ensure!(
                self.final_seed == mixed,
                "final_seed: it is not what seed and list give, and the beacon if there is one"
            );
        } else {
            ensure!(
                self.final_seed.is_empty(),
                "final_seed: nothing is decided yet"
            );
        }
        Ok(())
    }

    fn verify_places(&self, terms: &Terms) -> Result<()> {
        let (winners, substitutes) = if self.is_decided(terms) {
            self.places(terms)
        } else {
            (vec![], vec![])
        };
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
