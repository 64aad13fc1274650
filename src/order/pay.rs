//! An order is paid (O5): by a provider, whom the customer asks to take the money; by hand, which staff confirm; or in the sandbox.

use jiff::{SignedDuration, Timestamp};
use proto::{OrderState, PaymentStatus};
use serde::Serialize;

use super::{
    Order,
    hear::{heard, heard_of},
    show::{Shown, Viewer},
    step::{self, By},
    words as said,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::{Refusal, Result},
    id::{ChargeId, OrderId},
    money::Money,
    pay::{Method, Payable},
    payment::{
        Paid,
        charge::{self, Charge},
    },
    store::once,
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
}
