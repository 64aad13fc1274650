//! The picture of a lottery in its group.

use proto::{Card, DrawBeacon, DrawCard, DrawPrize, DrawWinner};

use super::{
    Draw, PlaceOf,
    file::grade,
    rules::{Entry, Prize},
    words,
};
use crate::{beacon::Chain, clock::millis};

/// `thrown_in`: participants have thrown something in.
pub(super) fn draw(draw: &Draw, places: &[PlaceOf], thrown_in: bool) -> Card {
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
        grade: grade(rules.beacon.is_some(), thrown_in).into(),
        beacon: rules.beacon.as_ref().map(|chain| beacon(draw, chain)),
    };
    Card {
        summary: words::summary(draw),
        draw: Some(Box::new(card)),
        ..Card::default()
    }
}

fn beacon(draw: &Draw, chain: &Chain) -> DrawBeacon {
    let value = draw.beacon.as_ref();
    DrawBeacon {
        chain: chain.hash.clone(),
        close: draw.close_hash.clone().unwrap_or_default(),
        round: draw.round.unwrap_or_default(),
        round_at: draw.round_at.map(millis).unwrap_or_default(),
        randomness: value
            .map(|value| value.randomness.clone())
            .unwrap_or_default(),
        cancelled_late: draw.cancelled_late(),
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
