//! The picture of a lottery in its group.

use proto::{Card, DrawCard, DrawPrize, DrawWinner};

use super::{
    Draw, PlaceOf,
    rules::{Entry, Prize},
    words,
};
use crate::clock::millis;

/// `operator_only`: nobody has thrown anything in.
pub(super) fn draw(draw: &Draw, places: &[PlaceOf], operator_only: bool) -> Card {
    let rules = &draw.rules;
    let won = places.iter().filter(|place| place.prize.is_some());
    let card = DrawCard {
        draw_id: draw.id.to_string(),
        title: rules.title.clone(),
        state: draw.state.into(),
        prizes: rules.prizes.iter().map(prize).collect(),
        currency: rules.currency.clone(),
        target: rules.target.unwrap_or(0),
        ends_at: millis(rules.ends_at),
        every_member: rules.entry == Entry::EveryMember,
        people: draw.people.unsigned_abs(),
        tickets: draw.tickets.unsigned_abs(),
        commitment: draw.commitment.clone(),
        rules_hash: draw.rules_hash.clone(),
        organiser: rules.organiser.clone(),
        contact: rules.contact.clone(),
        seed: draw.seed.clone().unwrap_or_default(),
        winners: won.map(|place| winner(draw, place)).collect(),
        operator_only,
    };
    Card {
        summary: words::summary(draw),
        draw: Some(Box::new(card)),
        ..Card::default()
    }
}

fn prize(prize: &Prize) -> DrawPrize {
    DrawPrize {
        name: prize.name.clone(),
        value: prize.value.in_minor(),
        quantity: prize.quantity,
    }
}

fn winner(draw: &Draw, place: &PlaceOf) -> DrawWinner {
    DrawWinner {
        user_id: place.customer_id.to_string(),
        name: place.name.clone(),
        prize: draw.prize_name(place).to_owned(),
        ticket: place.ticket.unsigned_abs(),
        state: place.state.into(),
    }
}
