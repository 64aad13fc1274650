//! The picture of a red packet in its group.

use proto::{Card, RedPacketCard};

use super::{RedPacket, words};
use crate::clock::millis;

pub(super) fn draw(red_packet: &RedPacket) -> Card {
    let rules = &red_packet.rules;
    let card = RedPacketCard {
        red_packet_id: red_packet.id.to_string(),
        greeting: rules.greeting.clone(),
        state: red_packet.state.into(),
        kind: rules.kind.into(),
        total: rules.total.in_minor(),
        currency: rules.currency.clone(),
        shares: rules.shares,
        taken: red_packet.taken.unsigned_abs(),
        taken_amount: red_packet.taken_amount.in_minor(),
        ends_at: millis(rules.ends_at),
        commitment: red_packet.commitment.clone(),
        rules_hash: red_packet.rules_hash.clone(),
        seed: red_packet.seed.clone().unwrap_or_default(),
    };
    Card {
        summary: words::summary(red_packet),
        red_packet: Some(Box::new(card)),
        ..Card::default()
    }
}
