//! The picture of a gift in its conversation.

use jiff::Timestamp;
use proto::{Card, CouponCard};

use super::{
    Gift, Template,
    terms::{Face, Validity},
    words,
};
use crate::{clock::millis, money::Money};

pub(super) fn draw(template: &Template, gift: &Gift, currency: &str, now: Timestamp) -> Card {
    let face = template.terms.face;
    let (value, off, cap) = match face {
        Face::FullReduction { value, .. } | Face::NoThreshold { value } => (value, 0, Money::ZERO),
        Face::Percentage { off, cap, .. } => (Money::ZERO, off.into(), cap.unwrap_or_default()),
    };
    let (valid_from, valid_until, valid_days) = match template.validity {
        Validity::Period { from, until } => (millis(from), millis(until), 0),
        Validity::Days { days } => (0, 0, days.into()),
    };
    let card = CouponCard {
        gift_id: gift.id.to_string(),
        template_id: template.id.to_string(),
        title: template.terms.title.clone(),
        kind: face.kind().into(),
        currency: currency.to_owned(),
        value: value.in_minor(),
        off,
        cap: cap.in_minor(),
        threshold: face.threshold().in_minor(),
        scope: template.terms.scope.word().into(),
        pieces: gift.pieces.unsigned_abs(),
        left: gift.left().max(0).unsigned_abs(),
        customer_id: gift
            .customer_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        ends_at: millis(gift.ends_at),
        state: gift.state(now).into(),
        valid_from,
        valid_until,
        valid_days,
    };
    Card {
        summary: words::summary(template, gift, now),
        coupon: Some(Box::new(card)),
        ..Card::default()
    }
}
