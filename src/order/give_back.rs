//! Money of an order goes back.

use proto::{OrderDeed, PaymentStatus};
use serde_json::json;

use super::{
    Order,
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    error::{Refusal, Result},
    id::OrderId,
    money::Money,
    payment::{self, refund::Wanted},
    words,
};

/// Gives back what was paid and nobody owed. Refuses with `conflict` where there is nothing of the kind.
pub async fn extra(
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
