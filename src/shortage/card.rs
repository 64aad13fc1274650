//! The picture of a shortage in its order's conversation.

use proto::{Card, ShortageCard, ShortageOffer, ShortageState};

use super::{Offer, Shortage};
use crate::{error::Result, money::Money, order::Order};

pub(super) fn draw(shortage: &Shortage, order: &Order) -> Result<Card> {
    let open = !shortage.may().is_empty();
    let refund = if open {
        order.worth_of_short(shortage.left())?
    } else {
        Money::ZERO
    };
    let number = order.number.clone().unwrap_or_default();
    Ok(Card {
        summary: format!("缺货 · {number} · {}", said(shortage.state)),
        shortage: Some(Box::new(ShortageCard {
            shortage_id: shortage.id.to_string(),
            order_id: order.id.to_string(),
            order_number: number,
            line: shortage.line.unsigned_abs().into(),
            title: shortage.title.clone(),
            choice: shortage.choice.clone(),
            units: shortage.units,
            state: shortage.state.into(),
            remark: shortage.remark.clone(),
            currency: order.currency.clone(),
            refund: refund.in_minor(),
            offers: shortage.offers.iter().map(offer).collect(),
            customer_may: shortage.may().into_iter().map(i32::from).collect(),
            taken: shortage.taken.map(|id| id.to_string()).unwrap_or_default(),
        })),
        ..Card::default()
    })
}

fn offer(offer: &Offer) -> ShortageOffer {
    ShortageOffer {
        variant_id: offer.variant_id.to_string(),
        product_id: offer.product_id.to_string(),
        title: offer.title.clone(),
        choice: offer.choice.clone(),
        total: offer.total.in_minor(),
    }
}

fn said(state: ShortageState) -> &'static str {
    match state {
        ShortageState::Offered | ShortageState::Unspecified => "请选择",
        ShortageState::Waiting => "等待补货",
        ShortageState::Refunded => "已选择退款",
        ShortageState::Replaced => "已换货",
        ShortageState::Arrived => "已到货",
    }
}
