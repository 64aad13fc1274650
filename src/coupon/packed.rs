//! Coupons that go out with somebody else's work, a campaign's: packed, with the card that shows them; the card is said by that work, then what was packed
//! is kept. All of it is one unit of work, or none.

use jiff::{SignedDuration, Timestamp};
use proto::{Card, CouponTemplateState};

use super::{
    Gift, Template, card,
    claim::take,
    give::hand_over,
    queries::{self, Seats},
};
use crate::{
    error::{Refusal, Result},
    id::{ConversationId, CouponTemplateId, GiftId, UserId},
    store::Tx,
};

/// Terms that can be given away now, with what cards say about them.
pub(crate) struct Supply {
    template: Template,
    currency: String,
}

/// For whom coupons are packed.
#[derive(Clone, Copy)]
pub(crate) enum To {
    /// One customer, in whose wallet it is at once.
    Customer(UserId),
    /// Whoever in a group claims one.
    Group {
        /// How many.
        pieces: u32,
        /// For so long.
        minutes: u32,
    },
}

/// Coupons on their way.
pub(crate) struct Packed {
    gift: Gift,
    /// How they look.
    pub card: Card,
}

/// The terms. Refuses with `not_found`, with `coupon_sold_out`, and with `coupon_state` what is not published.
pub(crate) async fn supply(tx: &mut Tx, template: CouponTemplateId) -> Result<Supply> {
    let found = queries::template(tx, template).await?;
    let template = found.ok_or(Refusal::NotFound)?;
    match template.state {
        CouponTemplateState::Published => {}
        CouponTemplateState::SoldOut => return Err(Refusal::CouponSoldOut.into()),
        _ => return Err(Refusal::CouponState.into()),
    }
    let currency = queries::currency(tx).await?;
    Ok(Supply { template, currency })
}

impl Supply {
    /// Refuses with `coupon_sold_out` if there are not so many left.
    pub(crate) fn require(&self, pieces: i64) -> Result<()> {
        match self.template.left() {
            Some(left) if left < pieces => Err(Refusal::CouponSoldOut.into()),
            _ => Ok(()),
        }
    }

    /// Packs coupons for a conversation; one for a customer is in their wallet. Refuses as giving does, and has written nothing then.
    pub(crate) async fn pack(
        &self,
        tx: &mut Tx,
        conversation: ConversationId,
        to: To,
        now: Timestamp,
    ) -> Result<Packed> {
        let gift = self.gift(conversation, to, now);
        if let To::Customer(customer) = to {
            hand_over(tx, &self.template, &gift, customer, now).await?;
        }
        let card = card::draw(&self.template, &gift, &self.currency, now);
        Ok(Packed { gift, card })
    }

    /// So many leave the template: the statement that decides, last of all. Refuses with `coupon_sold_out`, `coupon_budget_spent`, `coupon_state` …
    pub(crate) async fn take(&self, tx: &mut Tx, pieces: i64, now: Timestamp) -> Result<()> {
        take(tx, &self.template, Seats::Given(pieces), now).await
    }

    fn gift(&self, conversation: ConversationId, to: To, now: Timestamp) -> Gift {
        let gift = Gift {
            id: GiftId::new(),
            template_id: self.template.id,
            conversation_id: conversation,
            card_number: 0,
            customer_id: None,
            pieces: 1,
            claimed: 1,
            ends_at: now,
            closed_at: Some(now),
        };
        match to {
            To::Customer(customer) => Gift {
                customer_id: Some(customer),
                ..gift
            },
            To::Group { pieces, minutes } => Gift {
                pieces: pieces.into(),
                claimed: 0,
                ends_at: now + SignedDuration::from_mins(minutes.into()),
                closed_at: None,
                ..gift
            },
        }
    }
}

/// The card was said as message `number`, by `by`: the gift is kept.
pub(crate) async fn keep(
    tx: &mut Tx,
    packed: &Packed,
    number: u64,
    by: UserId,
    now: Timestamp,
) -> Result<GiftId> {
    let gift = Gift {
        card_number: number.cast_signed(),
        ..packed.gift.clone()
    };
    queries::add_gift(tx, &gift, by, now).await?;
    Ok(gift.id)
}
