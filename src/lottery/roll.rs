//! The list while it grows: numbered without a gap, each ticket tied to the one before it. Whoever adds to it holds the draw's row.

use jiff::Timestamp;

use super::{
    Draw,
    fair::{self, Because, Ticket},
    queries::{self, NewPerson, NewTicket},
};
use crate::{error::Result, id::UserId, store::Tx};

/// What is added to the list of a draw.
pub(super) struct Roll<'a> {
    draw: &'a Draw,
    last_link: String,
    tickets: u32,
    people: Vec<NewPerson>,
    new: Vec<NewTicket>,
}

impl<'a> Roll<'a> {
    /// Goes on where the list ends.
    pub(super) fn of(draw: &'a Draw) -> Self {
        Self {
            draw,
            last_link: draw.last_link.clone(),
            tickets: draw.tickets.unsigned_abs(),
            people: vec![],
            new: vec![],
        }
    }

    /// Somebody takes part.
    pub(super) fn enter(&mut self, customer: UserId, because: Because, nonce: &str) {
        let salt = hex::encode(rand::random::<[u8; 16]>());
        let person = fair::pseudonym(self.draw.id, &customer.to_string(), &salt);
        self.add(customer, &person, because, nonce);
        self.people.push(NewPerson {
            customer,
            salt,
            person,
            nonce: nonce.to_owned(),
        });
    }

    /// Everybody has the tickets that their friends have earned them.
    pub(super) async fn top_up(&mut self, tx: &mut Tx, only: Option<UserId>) -> Result<()> {
        for earner in queries::earners(tx, self.draw, only).await? {
            let missing = self.draw.rules.tickets_for(earner.friends) - earner.tickets;
            for _ in 0..missing.max(0) {
                self.add(earner.customer, &earner.person, Because::Invited, "");
            }
        }
        Ok(())
    }

    /// Writes down what was added so far, and the list goes on behind it.
    pub(super) async fn write(&mut self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let (people, new) = (
            std::mem::take(&mut self.people),
            std::mem::take(&mut self.new),
        );
        if new.is_empty() {
            return Ok(());
        }
        queries::add_people(tx, self.draw.id, &people, now).await?;
        queries::add_tickets(tx, self.draw.id, &new).await?;
        let added = (people.len(), new.len());
        queries::lengthen(tx, self.draw.id, added, &self.last_link).await
    }

    fn add(&mut self, customer: UserId, person: &str, because: Because, nonce: &str) {
        self.tickets += 1;
        let mut ticket = Ticket {
            number: self.tickets,
            person: person.to_owned(),
            because,
            nonce: nonce.to_owned(),
            link: String::new(),
        };
        ticket.link = fair::link(&self.last_link, &ticket);
        self.last_link.clone_from(&ticket.link);
        self.new.push(NewTicket {
            number: self.tickets.cast_signed(),
            customer,
            because,
            link: ticket.link,
        });
    }
}
