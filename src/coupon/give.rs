//! Give coupons in a conversation: one to a customer, in whose wallet it is at once (CHAT-10), or so many to a group, whoever presses first
//! (CPN-07). A right of its own, which the built-in agent does not have (decision 3 of the specification).

use jiff::{SignedDuration, Timestamp};
use proto::{CouponSource, Message};
use serde::Deserialize;

use super::{
    Gift, Template, card,
    claim::{self, Claimant, put_into_wallet, remember, take},
    queries::{self, Place, Seats},
};
use crate::{
    actor::{GiveCoupons, Staff},
    app::App,
    audit::{self, Deed},
    conversation::{Draft, log},
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, CouponTemplateId, GiftId, UserId},
    rights,
    store::Tx,
};

/// What is to be given.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGift {
    /// Of what.
    pub template_id: CouponTemplateId,
    /// Where: a customer's conversation with the shop, or a group of the shop.
    pub conversation_id: ConversationId,
    /// How many, 1 to 100,000; to a customer 1.
    #[serde(default = "one")]
    pub pieces: u32,
    /// A group can claim them for so long, 1 to 43,200 minutes; what is left then goes back.
    #[serde(default = "a_day")]
    pub minutes: u32,
}

fn one() -> u32 {
    1
}

fn a_day() -> u32 {
    1_440
}

/// Gives. The card arrives, and the template has fewer. Refuses as a claim does (`coupon_sold_out`, `coupon_limit_reached` …), with
/// `coupon_state` what is not published, with `not_found`, `not_a_member`, `rate_limited`.
pub async fn give(app: &App, by: &Staff<GiveCoupons>, new: NewGift) -> Result<Gift> {
    new.check()?;
    app.sends.take(by.actor.user)?;
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let place = queries::place(&mut tx, new.conversation_id).await?;
    let customer = match place.ok_or(Refusal::NotFound)? {
        Place::With(customer) => Some(customer),
        Place::Group => None,
    };
    let template = queries::template(&mut tx, new.template_id).await?;
    let template = template.ok_or(Refusal::NotFound)?;
    let mut gift = new.gift(customer, now)?;
    if let Some(customer) = customer {
        hand_over(&mut tx, &template, &gift, customer, now).await?;
    }
    take(&mut tx, &template, Seats::Given(gift.pieces), now).await?;
    gift.card_number = post(app, &mut tx, by, (&template, &gift)).await?;
    queries::add_gift(&mut tx, &gift, by.actor.user, now).await?;
    let deed =
        Deed::new(by.actor.user, "coupon.given", gift.id).after(serde_json::to_value(&gift).ok());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(gift)
}

/// Into the customer's wallet.
pub(super) async fn hand_over(
    tx: &mut Tx,
    template: &Template,
    gift: &Gift,
    customer: UserId,
    now: Timestamp,
) -> Result<()> {
    let known = claim::known(tx, template.id, customer).await?;
    template.givable_to(&known, now)?;
    let coupon = template.coupon(tx.shop()?, CouponSource::Staff, now);
    let claimant = Claimant {
        user: customer,
        session: None,
    };
    put_into_wallet(tx, template, &coupon, claimant, Some(gift.id)).await?;
    remember(tx, &coupon, customer, Some(gift.id), now).await
}

async fn post(
    app: &App,
    tx: &mut Tx,
    by: &Staff<GiveCoupons>,
    (template, gift): (&Template, &Gift),
) -> Result<i64> {
    let currency = queries::currency(tx).await?;
    let drawn = card::draw(template, gift, &currency, app.clock.now());
    let message = Message {
        conversation_id: gift.conversation_id.to_string(),
        text: drawn.summary.clone(),
        card: Some(drawn),
        ..Message::default()
    };
    let draft = Draft {
        conversation: gift.conversation_id,
        sender: Some(by.actor.user),
        message,
        fingerprint: None,
    };
    let posted = log::append(tx, &app.clock, draft).await?;
    Ok(posted.number.cast_signed())
}

impl NewGift {
    fn check(&self) -> Result<()> {
        if !(1..=100_000).contains(&self.pieces) {
            return Err(refused_argument("pieces", "are 1 to 100000"));
        }
        if !(1..=43_200).contains(&self.minutes) {
            return Err(refused_argument("minutes", "are 1 to 43200"));
        }
        Ok(())
    }

    fn gift(&self, customer: Option<UserId>, now: Timestamp) -> Result<Gift> {
        let pieces = i64::from(self.pieces);
        if customer.is_some() && pieces != 1 {
            return Err(refused_argument("pieces", "is 1 for one customer"));
        }
        Ok(Gift {
            id: GiftId::new(),
            template_id: self.template_id,
            conversation_id: self.conversation_id,
            card_number: 0,
            customer_id: customer,
            pieces,
            claimed: i64::from(customer.is_some()),
            ends_at: now + SignedDuration::from_mins(self.minutes.into()),
            closed_at: customer.map(|_| now),
        })
    }
}
