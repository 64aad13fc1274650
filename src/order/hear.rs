//! Money comes in for an order (O5), once however often it is told; money that nobody owes is kept (ORD-16).

use proto::{AlertKind, OrderDeed, OrderState, PaymentStatus};
use serde_json::json;

use super::{
    Order, place,
    step::{self, By, Done},
    words as said,
};
use crate::{
    app::App,
    coupon,
    error::{Refusal, Result, Round},
    id::ShopId,
    money::Money,
    pay::{self, Acknowledgement, Forged, Heard, Method, Notice, Provider},
    payment::{
        self, Paid,
        charge::{self, Charge},
    },
    store::Tx,
};

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
pub(super) async fn heard_of(app: &App, charge: &Charge, said: &pay::Paid) -> Result<()> {
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

impl Order {
    fn take_in(&mut self, paid: &Paid) {
        self.paid = paid.amount;
        self.payment_status = PaymentStatus::Paid;
        self.payment_method = Some(paid.method.clone());
        self.paid_at = Some(paid.at);
        self.pay_by = None;
    }
}
