//! Money comes in for an order (O5): a provider says so, staff confirm it, or the sandbox plays it.

use proto::{AlertKind, OrderDeed, OrderState, PaymentStatus};
use serde_json::json;

use super::{
    Order, place,
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::{Refusal, Result, refused_argument},
    id::{OrderId, ShopId},
    money::Money,
    payment::{self, Paid, refund::Wanted},
    store::Tx,
    words,
};

/// Staff confirm that they have the money: all that is owed. Refuses with `order_state` what is paid or takes no payment.
pub async fn confirm_offline(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    reference: &str,
) -> Result<Shown> {
    let reference = words::line("reference", reference, 64)?;
    let (mut tx, order) = step::of_staff(app, by, order).await?;
    let paid = Paid {
        order: order.id,
        method: "offline".to_owned(),
        transaction: format!("{}:{reference}", order.id),
        amount: order.owed()?,
        at: app.clock.now(),
    };
    let order = heard(app, &mut tx, order, &paid, &By::from(by)).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// The customer pays with play money; only where the settings allow it. Refuses with `not_found` elsewhere, and with `order_state`.
pub async fn in_sandbox(app: &App, customer: &Customer, order: OrderId) -> Result<Shown> {
    if !app.config.development() {
        return Err(Refusal::NotFound.into());
    }
    let (mut tx, order) = step::of_customer(app, customer, order).await?;
    let paid = Paid {
        order: order.id,
        method: "sandbox".to_owned(),
        transaction: format!("sandbox:{}", order.id),
        amount: order.owed()?,
        at: app.clock.now(),
    };
    let order = heard(app, &mut tx, order, &paid, &By::PROVIDER).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::Customer).await?;
    tx.commit().await?;
    Ok(shown)
}

/// A provider says that money came in: heard once, whatever is told twice. Refuses with `not_found`, and another sum than is owed
/// with `invalid_argument`.
pub async fn told(app: &App, shop: ShopId, paid: &Paid) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let order = step::hold(&mut tx, paid.order).await?;
    heard(app, &mut tx, order, paid, &By::PROVIDER).await?;
    tx.commit().await
}

/// Puts a payment into effect, once: a payment that was heard of before changes nothing. More than is owed is kept for the customer and
/// flagged for staff, who give it back; so is money for an order that was cancelled meanwhile.
pub(super) async fn heard(
    app: &App,
    tx: &mut Tx,
    mut order: Order,
    paid: &Paid,
    by: &By,
) -> Result<Order> {
    let now = app.clock.now();
    if !payment::record(tx, paid, now).await? {
        return Ok(order);
    }
    if order.paid > Money::ZERO || order.require(OrderDeed::Pay, by.party).is_err() {
        return too_much(app, tx, order, paid, by).await;
    }
    if paid.amount != order.total {
        return Err(refused_argument("amount", "is not what is owed"));
    }
    let was = order.state;
    if was == OrderState::PendingPayment {
        order.go(OrderDeed::Pay, by.party, OrderState::PendingAcceptance)?;
    }
    order.take_in(paid);
    let done = Done {
        after: Some(
            json!({ "method": paid.method, "amount": paid.amount, "transaction": paid.transaction }),
        ),
        ..Done::new(by, OrderDeed::Pay)
    };
    let said = [format!(
        "订单已付款,金额:{}",
        said::amount(&order, paid.amount)
    )];
    step::write(app, tx, &mut order, was, done, &said).await?;
    if order.state == OrderState::Completed {
        payment::settle::completed(tx, order.id, paid.amount, now).await?;
    }
    Ok(order)
}

/// Keeps what nobody owes, flags the order and alerts staff (ORD-16).
async fn too_much(app: &App, tx: &mut Tx, mut order: Order, paid: &Paid, by: &By) -> Result<Order> {
    let before = json!({ "extra": order.extra });
    order.extra = order.extra.plus(paid.amount)?;
    order.abnormal = Some("paid_twice".to_owned());
    let after =
        json!({ "extra": order.extra, "method": paid.method, "transaction": paid.transaction });
    let (was, done) = (
        order.state,
        Done::new(by, OrderDeed::Pay).changed(before, after),
    );
    step::write(app, tx, &mut order, was, done, &[]).await?;
    place::tell_staff(
        app,
        tx,
        &order,
        AlertKind::OrderPaidTwice,
        &said::paid_twice(&order),
    )
    .await?;
    Ok(order)
}

/// Gives back what was paid and nobody owed. Refuses with `conflict` where there is nothing of the kind.
pub async fn give_back_extra(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    reason: &str,
) -> Result<Shown> {
    words::text("reason", reason, 1..=200)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    let extra = std::mem::take(&mut order.extra);
    if extra == Money::ZERO {
        return Err(Refusal::Conflict.into());
    }
    let wanted = Wanted {
        extra: true,
        ..order.refundable(extra, reason)
    };
    payment::refund::order(&mut tx, &wanted, app.clock.now()).await?;
    let (who, was) = (By::from(by), order.state);
    let done = Done::new(&who, OrderDeed::Note)
        .remark(reason)
        .changed(json!({ "extra": extra }), json!({ "extra": order.extra }));
    let said = [format!(
        "多付款项已退回,金额:{}",
        said::amount(&order, extra)
    )];
    step::write(app, &mut tx, &mut order, was, done, &said).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

impl Order {
    /// What is still to be paid. Refuses with `order_state` where nothing is.
    fn owed(&self) -> Result<Money> {
        let payable = self.payment_status == PaymentStatus::Unpaid
            && self.number.is_some()
            && self.state != OrderState::Cancelled;
        if !payable {
            return Err(Refusal::OrderState.into());
        }
        Ok(self.total)
    }

    fn take_in(&mut self, paid: &Paid) {
        self.paid = paid.amount;
        self.payment_status = PaymentStatus::Paid;
        self.payment_method = Some(paid.method.clone());
        self.paid_at = Some(paid.at);
        self.pay_by = None;
    }

    /// What to ask the payment for.
    pub(crate) fn refundable(&self, amount: Money, reason: &str) -> Wanted {
        Wanted {
            order: self.id,
            case: None,
            amount,
            reason: reason.to_owned(),
            completed: self.completed_at.is_some(),
            extra: false,
        }
    }

    /// Marks an amount as given back or on its way back.
    pub(crate) fn give_back(&mut self, amount: Money) -> Result<()> {
        self.refunded = self.refunded.plus(amount)?;
        self.payment_status = match self.refunded < self.paid {
            true => PaymentStatus::PartiallyRefunded,
            false => PaymentStatus::Refunded,
        };
        Ok(())
    }
}
