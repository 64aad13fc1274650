//! Cancel an order that the shop has not taken yet (O7): from acceptance on, money goes back by a refund.

use proto::{OrderDeed, OrderState};

use super::{
    Order, queries,
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    coupon,
    error::Result,
    id::OrderId,
    money::Money,
    payment,
    stock::release::release_all,
    store::Tx,
    words,
};

/// By the customer. Refuses with `order_state`.
pub async fn by_customer(
    app: &App,
    customer: &Customer,
    order: OrderId,
    reason: &str,
) -> Result<Shown> {
    words::text("reason", reason, 0..=200)?;
    let (mut tx, order) = step::of_customer(app, customer, order).await?;
    let done = (OrderDeed::Cancel, By::from(customer));
    let order = end(app, &mut tx, order, &done, reason).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::Customer).await?;
    tx.commit().await?;
    Ok(shown)
}

/// By staff, who give a reason. Refuses with `order_state`, and no reason with `invalid_argument`.
pub async fn by_staff(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    reason: &str,
) -> Result<Shown> {
    words::text("reason", reason, 1..=200)?;
    let (mut tx, order) = step::of_staff(app, by, order).await?;
    let done = (OrderDeed::Cancel, By::from(by));
    let order = end(app, &mut tx, order, &done, reason).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Ends it: goods and money go back.
pub(super) async fn end(
    app: &App,
    tx: &mut Tx,
    mut order: Order,
    (deed, by): &(OrderDeed, By),
    reason: &str,
) -> Result<Order> {
    let (now, was) = (app.clock.now(), order.state);
    order.go(*deed, by.party, OrderState::Cancelled)?;
    order.cancelled_at = Some(now);
    let rest = order.paid.minus(order.refunded)?;
    if rest > Money::ZERO {
        payment::refund::order(tx, &order.refundable(rest, reason), now).await?;
        order.give_back(rest)?;
        for line in &mut order.lines {
            line.refunded = line.units;
            line.dropped = line.units;
        }
        queries::save_lines(tx, &order).await?;
    }
    let done = Done::new(by, *deed).remark(reason);
    let words = [said::with("订单已取消", reason)];
    step::write(app, tx, &mut order, was, done, &words).await?;
    coupon::redeem::release(tx, order.id, now).await?;
    release_all(tx, order.holder(), by.id, now).await?;
    Ok(order)
}
