//! Coupons that a draw gives away: set aside when it is published, so that no prize is invented, and handed to the winners. They lie as a gift
//! without a card, which nobody can claim from; what no winner gets goes back like the rest of any gift.

use jiff::Timestamp;
use proto::CouponSource;

use super::{
    Gift, Template,
    claim::{Claimant, put_into_wallet, remember, take},
    queries::{self, Seats},
};
use crate::{
    error::{Refusal, Result},
    id::{ConversationId, CouponTemplateId, GiftId, UserId},
    store::Tx,
};

/// So many coupons for the winners of a draw.
pub(crate) struct Prizes {
    /// Of what.
    pub template: CouponTemplateId,
    /// Where it is drawn.
    pub conversation: ConversationId,
    /// How many.
    pub pieces: u32,
    /// What no winner has got by then goes back.
    pub until: Timestamp,
    /// Who publishes it.
    pub by: UserId,
}

/// The terms that prizes are made from. Refuses with `not_found`.
pub(crate) async fn terms(tx: &mut Tx, template: CouponTemplateId) -> Result<Template> {
    let found = queries::template(tx, template).await?;
    Ok(found.ok_or(Refusal::NotFound)?)
}

/// Takes them out of the template. Refuses as a claim does (`coupon_sold_out`, `coupon_state` …).
pub(crate) async fn set_aside(tx: &mut Tx, prizes: &Prizes, now: Timestamp) -> Result<GiftId> {
    let template = terms(tx, prizes.template).await?;
    let gift = Gift {
        id: GiftId::new(),
        template_id: prizes.template,
        conversation_id: prizes.conversation,
        card_number: queries::NO_CARD,
        customer_id: None,
        pieces: prizes.pieces.into(),
        claimed: 0,
        ends_at: prizes.until,
        closed_at: None,
    };
    take(tx, &template, Seats::Given(gift.pieces), now).await?;
    queries::add_gift(tx, &gift, prizes.by, now).await?;
    Ok(gift.id)
}

/// Hands one to a winner. Refuses with `coupon_limit_reached` who has as many as one may have, with `coupon_sold_out` and `coupon_not_now` when
/// nothing is left; then the work must not be committed.
pub(crate) async fn award(tx: &mut Tx, gift: GiftId, winner: UserId, now: Timestamp) -> Result<()> {
    let gift = queries::gift(tx, gift).await?.ok_or(Refusal::NotFound)?;
    let template = terms(tx, gift.template_id).await?;
    let coupon = template.coupon(tx.shop()?, CouponSource::Gift, now);
    let claimant = Claimant {
        user: winner,
        session: None,
    };
    if !put_into_wallet(tx, &template, &coupon, claimant, Some(gift.id)).await? {
        return Ok(());
    }
    remember(tx, &coupon, winner, Some(gift.id), now).await?;
    if !queries::take_of_gift(tx, gift.id, 1, now).await? {
        return Err(gift.why_not().into());
    }
    Ok(())
}
