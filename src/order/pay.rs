//! Money comes in for an order (O5): a provider says so, staff confirm it, or the sandbox plays it.

use jiff::{SignedDuration, Timestamp};
use proto::{AlertKind, OrderDeed, OrderState, PaymentStatus};
use serde::Serialize;
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
    coupon,
    error::{Refusal, Result, Round},
    id::{ChargeId, OrderId, ShopId},
    money::Money,
    pay::{self, Acknowledgement, Forged, Heard, Method, Notice, Payable, Provider},
    payment::{
        self, Paid,
        charge::{self, Charge},
        refund::Wanted,
    },
    store::{Tx, once},
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
        charge: None,
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
        charge: None,
        transaction: format!("sandbox:{}", order.id),
        amount: order.owed()?,
        at: app.clock.now(),
    };
    let order = heard(app, &mut tx, order, &paid, &By::PROVIDER).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::Customer).await?;
    tx.commit().await?;
    Ok(shown)
}

/// How the customer pays an order.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Payment {
    /// By whom.
    pub method: Method,
    /// What has to be paid, in minor units.
    pub amount: Money,
    /// For a QR code, which the provider's app scans; empty: staff will confirm the payment, or it is paid.
    pub code: String,
    /// The code is also a web address that opens the provider's app.
    pub opens: bool,
    /// From then on nobody can pay it.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
}

/// Asks a provider to take what the order owes; asking again gives the same charge. Refuses with `order_state`, with `not_found` a method
/// that is not set up here, and as the provider does.
pub async fn begin(
    app: &App,
    customer: &Customer,
    order: OrderId,
    method: Method,
) -> Result<Payment> {
    let provider = app.providers.by(method).ok_or(Refusal::NotFound)?.method();
    app.sends.take(customer.0.user)?;
    let (mut tx, order) = step::of_customer(app, customer, order).await?;
    let (now, amount) = (app.clock.now(), order.owed()?);
    let expires_at = order.pay_by.unwrap_or(now + SignedDuration::from_hours(2));
    if expires_at <= now {
        return Err(Refusal::OrderState.into());
    }
    let wanted = Charge {
        id: ChargeId::new(),
        shop: order.shop_id,
        order: order.id,
        method: provider,
        amount,
        currency: order.currency.clone(),
        expires_at,
        over: false,
    };
    let how = Payment {
        method,
        amount,
        code: String::new(),
        opens: false,
        expires_at,
    };
    if method == Method::Offline {
        return Ok(how);
    }
    let charge = charge::begin(&mut tx, &wanted, now).await?;
    // There may be a charge and no code yet: whoever asks again, with the same key too, is to get it.
    once::aside(tx.commit()).await?;
    match charge::ask(app, &charge, &said::description(&order)).await? {
        Payable::Code { text, opens } => Ok(Payment {
            code: text,
            opens,
            ..how
        }),
        Payable::ByHand => Ok(how),
        Payable::Paid(paid) => heard_of(app, &charge, &paid).await.map(|()| how),
    }
}

/// Puts into effect what a provider tells by itself, if it is believed. Gives what the provider is to hear.
pub async fn notice(
    app: &App,
    provider: &Provider,
    told: Result<Notice, Forged>,
) -> Acknowledgement {
    let by = provider.method();
    let heard = match told {
        Err(_) => Heard::Forged,
        Ok(Notice::Other) => Heard::Settled,
        Ok(Notice::Paid(paid)) => settled(noticed(app, by, &paid).await),
        Ok(Notice::Refunded(refunded)) => settled(payment::refund::told(app, by, &refunded).await),
    };
    provider.acknowledge(heard)
}

/// A refusal is final: telling it again would change nothing. What broke is to be told again.
fn settled(outcome: Result<()>) -> Heard {
    match outcome {
        Ok(()) => Heard::Settled,
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "a notice of money could not be put into effect"
            );
            Heard::Failed
        }
    }
}

/// Another provider's charge is none that this one can tell of.
async fn noticed(app: &App, by: Method, said: &pay::Paid) -> Result<()> {
    match charge::by_number(app, &said.number).await? {
        Some(charge) if charge.method == by => heard_of(app, &charge, said).await,
        _ => Err(Refusal::NotFound.into()),
    }
}

/// A charge was paid, by what its provider says. Breaks where the money is another: so many yen are no yuan, and somebody has to look.
async fn heard_of(app: &App, charge: &Charge, said: &pay::Paid) -> Result<()> {
    if said.currency.code() != charge.currency {
        let (id, said, wanted) = (charge.id, said.currency.code(), &charge.currency);
        return Err(anyhow::anyhow!("charge {id} was paid in {said}, not in {wanted}").into());
    }
    told(app, charge.shop, &charge::paid(charge, said)).await
}

/// Asks after charges whose notice did not come.
pub async fn ask_after(app: &App) -> Result<()> {
    let mut round = Round::default();
    for (charge, said) in charge::unheard(app).await? {
        round.note(heard_of(app, &charge, &said).await)?;
    }
    round.end()
}

/// A provider says that money came in: heard once, whatever is told twice. Refuses with `not_found`.
pub async fn told(app: &App, shop: ShopId, paid: &Paid) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let order = step::hold(&mut tx, paid.order).await?;
    heard(app, &mut tx, order, paid, &By::PROVIDER).await?;
    tx.commit().await
}

/// Puts a payment into effect, once: a payment that was heard of before changes nothing. Money that is not what is owed is kept for the
/// customer and flagged for staff; so is money for an order that was cancelled meanwhile. None of it is refused: it is there.
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
        return keep(app, tx, order, paid, (by, Unowed::Twice)).await;
    }
    if paid.amount != order.total {
        return keep(app, tx, order, paid, (by, Unowed::Otherwise)).await;
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
    coupon::redeem::used(tx, order.id, now).await?;
    if order.state == OrderState::Completed {
        payment::settle::completed(tx, order.id, paid.amount, now).await?;
    }
    Ok(order)
}

/// Why nobody owes what came in.
#[derive(Clone, Copy)]
enum Unowed {
    /// It was paid before, or takes no payment any more.
    Twice,
    /// It is another sum than the order's.
    Otherwise,
}

impl Unowed {
    fn word(self) -> &'static str {
        match self {
            Self::Twice => "paid_twice",
            Self::Otherwise => "paid_otherwise",
        }
    }
}

/// Keeps money that is not what is owed now, flags the order, unless staff have flagged it with words of their own, and alerts them; they give
/// it back (ORD-16): it was paid twice, or too late, or another sum than the order has since it was changed.
async fn keep(
    app: &App,
    tx: &mut Tx,
    mut order: Order,
    paid: &Paid,
    (by, why): (&By, Unowed),
) -> Result<Order> {
    let before = json!({ "extra": order.extra });
    order.extra = order.extra.plus(paid.amount)?;
    order.abnormal.get_or_insert_with(|| why.word().to_owned());
    let after = json!({ "extra": order.extra, "because": why.word(), "method": paid.method, "transaction": paid.transaction });
    let (was, done) = (
        order.state,
        Done::new(by, OrderDeed::Pay).changed(before, after),
    );
    step::write(app, tx, &mut order, was, done, &[]).await?;
    let words = match why {
        Unowed::Twice => said::paid_twice(&order),
        Unowed::Otherwise => said::paid_otherwise(&order, paid.amount),
    };
    place::tell_staff(app, tx, &order, AlertKind::OrderPaidTwice, &words).await?;
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
            && self.total > Money::ZERO
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
        self.payment_status = if self.refunded < self.paid {
            PaymentStatus::PartiallyRefunded
        } else {
            PaymentStatus::Refunded
        };
        Ok(())
    }
}
