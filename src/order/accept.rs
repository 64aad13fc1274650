//! The shop takes an order (O8), after a look at what it may lack (ORD-07).

use proto::{OrderDeed, OrderState, PaymentStatus, PaymentTerms};

use super::{
    Order, Seen, queries,
    recipient::Recipient,
    show::{self, Shown, Viewer},
    step::{self, By, Done},
    words,
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    error::{Refusal, Result, refused_because},
    id::OrderId,
};

/// Takes it; the customer is told `订单已确认,正在备货`.
///
/// Refuses with `order_state`; with `claimed` what a colleague looks after; with `revision_stale` when the customer changed it since it was
/// shown; with `review_failed` what the shop's rules want put right first (the field says what).
pub async fn accept(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    seen: &Seen,
) -> Result<Shown> {
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    order.require(OrderDeed::Accept, super::graph::Party::Staff)?;
    if order.owner_id.is_some_and(|owner| owner != by.actor.user) {
        return Err(Refusal::Claimed.into());
    }
    order.require_seen(seen)?;
    let recipient = show::recipient(app, &mut tx, order.id).await?;
    if queries::rules(&mut tx).await?.review_blocks {
        require_nothing(&order, &recipient)?;
    }
    let (who, was) = (By::from(by), order.state);
    order.go(OrderDeed::Accept, who.party, OrderState::Accepted)?;
    order.accepted_at = Some(app.clock.now());
    let done = Done::new(&who, OrderDeed::Accept);
    let said = [words::ACCEPTED.to_owned()];
    step::write(app, &mut tx, &mut order, was, done, &said).await?;
    tx.commit().await?;
    Ok(Shown::of(
        order,
        Some(recipient),
        Viewer::of(&by.actor, by.shop),
    ))
}

/// What a look at an order finds: words for what is missing or unsound; nothing: it can be taken.
pub fn review(order: &Order, recipient: &Recipient) -> Vec<String> {
    let missing = recipient.missing(order.delivery_method).into_iter();
    let mut found: Vec<String> = missing
        .map(|field| format!("recipient_{field}_missing"))
        .collect();
    let owes =
        order.payment_status == PaymentStatus::Unpaid && order.total > crate::money::Money::ZERO;
    if owes && order.terms == PaymentTerms::PayFirst {
        found.push("unpaid".to_owned());
    }
    if order.lines.iter().any(|line| line.short_reason.is_some()) {
        found.push("goods_short".to_owned());
    }
    if order.abnormal.is_some() {
        found.push("abnormal".to_owned());
    }
    found
}

fn require_nothing(order: &Order, recipient: &Recipient) -> Result<()> {
    match review(order, recipient) {
        found if found.is_empty() => Ok(()),
        found => {
            let found = found.join(", ");
            let sentence = format!("Before this order is accepted, put right: {found}.");
            Err(refused_because(Refusal::ReviewFailed, &found, sentence))
        }
    }
}
