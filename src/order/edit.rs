//! The customer changes an order that the shop has not taken yet (O22): other lines, another wish. The goods that are held change with
//! it, in one work.

use proto::{OrderDeed, OrderState, PaymentStatus, PaymentTerms};
use serde::Deserialize;

use super::{
    Line, Order, place, queries,
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::Customer,
    app::App,
    error::{Refusal, Result, refused_because},
    id::OrderId,
    money::Money,
    product::price::{self, Basket},
    stock::{hold::hold, release::release_all},
    store::Tx,
    words,
};

/// What is to be different; what is absent stays.
#[derive(Clone, Debug, Default, serde::Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Edit {
    /// All lines anew.
    pub basket: Option<Basket>,
    /// At most 500 characters.
    pub requests: Option<String>,
    /// What was shown as the sum of the order when it is changed, in minor units; another sum is refused: prices may have moved meanwhile.
    pub expected_total: Option<Money>,
}

/// Changes it. The sum of an order that is paid must stay what it is: pay the rest or have a part refunded by cancelling and ordering
/// anew.
///
/// Refuses with `order_state`, with `forbidden` where the shop does not allow it, with `conflict` another sum of a paid order or other lines
/// when some were sent or go back, with `revision_stale` another sum than was shown, and as placing does.
pub async fn edit(app: &App, customer: &Customer, order: OrderId, edit: &Edit) -> Result<Shown> {
    edit.check()?;
    let (mut tx, order) = step::of_customer(app, customer, order).await?;
    order.require(OrderDeed::Edit, super::graph::Party::Customer)?;
    if !queries::rules(&mut tx).await?.customers_may_edit {
        return Err(Refusal::Forbidden.into());
    }
    let by = By::from(customer);
    let order = apply(app, &mut tx, order, edit, (OrderDeed::Edit, &by)).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::Customer).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Puts an edit into effect: the next revision, with its goods held.
pub(super) async fn apply(
    app: &App,
    tx: &mut Tx,
    mut order: Order,
    edit: &Edit,
    (deed, by): (OrderDeed, &By),
) -> Result<Order> {
    let (was, before, total) = (order.state, order.agreed(), order.total);
    let now = app.clock.now();
    let settled = order.settled();
    if let Some(requests) = &edit.requests {
        requests.trim().clone_into(&mut order.requests);
    }
    match &edit.basket {
        Some(basket) => {
            order.require_whole()?;
            order.require_all_there()?;
            let quote = price::price(tx, basket, Some(order.customer_id), now).await?;
            order.refill(tx, quote, now).await?;
            queries::replace_lines(tx, &order).await?;
        }
        None => order.revise()?,
    }
    order.require_total(edit.expected_total)?;
    if settled && order.total != total {
        let sentence = "A paid order keeps its sum: cancel it and order anew, or ask the shop.";
        return Err(refused_because(
            Refusal::Conflict,
            &"basket",
            sentence.to_owned(),
        ));
    }
    let done = Done::new(by, deed).changed(before, order.agreed());
    step::write(app, tx, &mut order, was, done, &["订单已修改".to_owned()]).await?;
    place::tell_staff(
        app,
        tx,
        &order,
        proto::AlertKind::OrderChanged,
        &said::changed(&order),
    )
    .await?;
    if edit.basket.is_some() {
        release_all(tx, order.holder(), by.id, now).await?;
        hold(tx, order.holder(), &order.units(), by.id, now).await?;
    }
    Ok(order)
}

impl Order {
    /// Nothing is to be paid for it before it is accepted: it was paid, or it was submitted at no cost. Its sum has to stay.
    fn settled(&self) -> bool {
        let submitted = self.state != OrderState::PendingPayment;
        self.payment_status != PaymentStatus::Unpaid
            || self.terms == PaymentTerms::PayFirst && submitted
    }

    /// Refuses with `conflict` other lines in the place of some that were sent, that go back or are argued about.
    fn require_whole(&self) -> Result<()> {
        let moved = |line: &Line| line.shipped > 0 || line.refunded > 0 || line.case_id.is_some();
        if self.lines.iter().any(moved) {
            let sentence =
                "Something of this order was sent or goes back: its lines stay as they are.";
            return Err(refused_because(
                Refusal::Conflict,
                &"basket",
                sentence.to_owned(),
            ));
        }
        Ok(())
    }
}

impl Edit {
    /// Refuses with `invalid_argument` nothing at all and words that are too long.
    pub(super) fn check(&self) -> Result<()> {
        if self.basket.is_none() && self.requests.is_none() {
            return Err(crate::error::refused_argument(
                "basket",
                "or `requests` is needed",
            ));
        }
        words::text(
            "requests",
            self.requests.as_deref().unwrap_or_default(),
            0..=500,
        )
    }
}
