//! What ends an order well: the customer has received it (O19), it was handed over (O20), the service is finished.

use jiff::{SignedDuration, Timestamp};
use proto::{OrderDeed, OrderState};

use super::{
    Order, queries,
    show::{Shown, Viewer},
    step::{self, By, Done},
};
use crate::{
    actor::{Customer, ManageOrders, Staff, VerifyOrders},
    app::App,
    error::{Refusal, Result},
    fact::Fact,
    id::OrderId,
    payment,
    stock::take::take,
    store::Tx,
};

/// The customer has it. Refuses with `order_state`, also a second time, and with `conflict` while something of it is under dispute.
pub async fn receive(app: &App, customer: &Customer, order: OrderId) -> Result<Shown> {
    let (mut tx, order) = step::of_customer(app, customer, order).await?;
    let by = By::from(customer);
    let deed = match order.state {
        OrderState::ReadyForPickup => OrderDeed::HandOver,
        _ => OrderDeed::Receive,
    };
    let order = complete(app, &mut tx, order, deed, &by).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::Customer).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Staff have finished a service. Refuses with `order_state`.
pub async fn finish(app: &App, by: &Staff<ManageOrders>, order: OrderId) -> Result<Shown> {
    let (mut tx, order) = step::of_staff(app, by, order).await?;
    let order = complete(app, &mut tx, order, OrderDeed::Finish, &By::from(by)).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Handed over at the counter to whoever says the code. Refuses with `order_state`, and another code with `code_wrong`.
pub async fn hand_over(
    app: &App,
    by: &Staff<VerifyOrders>,
    order: OrderId,
    code: &str,
) -> Result<Shown> {
    let (mut tx, order) = step::of_staff(app, by, order).await?;
    order.require(OrderDeed::HandOver, super::graph::Party::Staff)?;
    app.sends.take(by.actor.user)?;
    if order.pickup_code.as_deref() != Some(code) {
        return Err(Refusal::CodeWrong.into());
    }
    let order = complete(app, &mut tx, order, OrderDeed::HandOver, &By::from(by)).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// The customer asks for three more days to receive, once. Refuses with `order_state` what is not on its way, with `conflict` a second
/// time.
pub async fn extend(app: &App, customer: &Customer, order: OrderId) -> Result<Shown> {
    let (mut tx, mut order) = step::of_customer(app, customer, order).await?;
    order.require(OrderDeed::Receive, super::graph::Party::Customer)?;
    let Some(by_then) = order.receive_by.filter(|_| !order.extended) else {
        return Err(Refusal::Conflict.into());
    };
    order.extended = true;
    order.receive_by = Some(by_then + SignedDuration::from_hours(3 * 24));
    queries::save(&mut tx, &order).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::Customer).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Completes it: what was held has left, the money is the shop's from tomorrow on.
pub(super) async fn complete(
    app: &App,
    tx: &mut Tx,
    mut order: Order,
    deed: OrderDeed,
    by: &By,
) -> Result<Order> {
    let (now, was) = (app.clock.now(), order.state);
    order.go(deed, by.party, OrderState::Completed)?;
    if order.lines.iter().any(|line| line.case_id.is_some()) {
        return Err(Refusal::Conflict.into());
    }
    order.completed_at = Some(now);
    let units = order.all_leave();
    queries::save_lines(tx, &order).await?;
    step::write(
        app,
        tx,
        &mut order,
        was,
        Done::new(by, deed),
        &["订单已完成".to_owned()],
    )
    .await?;
    ask(tx, &order, now).await?;
    payment::settle::completed(tx, order.id, order.paid.minus(order.refunded)?, now).await?;
    if !units.is_empty() {
        take(tx, order.holder(), &units, by.id, now).await?;
    }
    Ok(order)
}

/// Whoever asks customers how it was is told, unless the shop asks nobody (ORD-20).
async fn ask(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<()> {
    if !queries::rules(tx).await?.survey_when_completed {
        return Ok(());
    }
    let fact = Fact::SurveyDue {
        order_id: order.id,
        conversation_id: order.conversation_id,
        customer_id: order.customer_id,
    };
    tx.remember(&fact, now).await
}

impl Order {
    /// Until when the customer may still ask for money or goods back: 15 days after completion, that moment included (AFS-02).
    pub fn after_sale_until(&self) -> Option<Timestamp> {
        self.completed_at
            .map(|at| at + SignedDuration::from_hours(15 * 24))
    }
}
