//! A coupon on an order: locked when it is placed, used when it is paid, back in the wallet when it is cancelled before the shop has taken it
//! (decision 40 of the specification). Each step is one statement in the order's own unit of work.

use jiff::Timestamp;
use proto::CouponState;
use serde_json::Value;

use super::{
    Coupon,
    evaluate::{self, Applied, Circumstances, Line, Reason, Verdict},
    queries,
};
use crate::{
    error::{Error, Refusal, Result, refused_because},
    fact::Fact,
    id::{CouponId, OrderId, UserId},
    store::Tx,
};

/// Coupons of one customer that a quote looks at: those first that end first.
const LOOKED_AT: i64 = 200;

/// Which coupons can be taken for a basket, and why the others cannot (CPN-13). Looks at what can be used or could be soon.
pub(crate) async fn offered(
    tx: &mut Tx,
    customer: UserId,
    lines: &[Line],
    now: Timestamp,
) -> Result<Verdict> {
    let coupons = queries::in_wallet(tx, customer, now, LOOKED_AT).await?;
    let circumstances = circumstances(tx, customer, now).await?;
    Ok(evaluate::evaluate(&coupons, lines, circumstances)?)
}

/// What a customer could take for an order in the shop now: those first that end first.
pub(crate) async fn held(tx: &mut Tx, customer: UserId, now: Timestamp) -> Result<Vec<Coupon>> {
    let mut coupons = queries::in_wallet(tx, customer, now, LOOKED_AT).await?;
    coupons.retain(|coupon| coupon.state == CouponState::Usable && coupon.valid_from <= now);
    Ok(coupons)
}

/// What a coupon takes off, without taking it. Refuses with `not_found`, and with `coupon_not_usable`; the field is the reason.
pub(crate) async fn consider(
    tx: &mut Tx,
    (customer, coupon): (UserId, CouponId),
    lines: &[Line],
    now: Timestamp,
) -> Result<Applied> {
    let coupon = queries::coupon(tx, customer, coupon).await?;
    let coupon = coupon.ok_or(Refusal::NotFound)?;
    let circumstances = circumstances(tx, customer, now).await?;
    evaluate::judge(&coupon, lines, circumstances)?
        .map_err(|rejected| not_usable(rejected.reason, &rejected.title))
}

/// Locks a coupon on a new order. Refuses as [`consider`] does.
pub(crate) async fn lock(
    tx: &mut Tx,
    (customer, coupon): (UserId, CouponId),
    order: OrderId,
    lines: &[Line],
    now: Timestamp,
) -> Result<Applied> {
    // Two first orders of one person at once: the second sees the first.
    queries::hold_customer(tx, customer).await?;
    let applied = consider(tx, (customer, coupon), lines, now).await?;
    if !queries::lock(tx, (customer, coupon), order, applied.deduction, now).await? {
        return Err(not_usable(Reason::Locked, &applied.title));
    }
    Ok(applied)
}

/// A drafted order is placed now: its coupon must not have ended since, and be for a first order only if this is one. Refuses with
/// `coupon_not_usable`.
pub(crate) async fn confirm(
    tx: &mut Tx,
    customer: UserId,
    order: OrderId,
    now: Timestamp,
) -> Result<()> {
    queries::hold_customer(tx, customer).await?;
    let Some(coupon) = queries::coupon_on(tx, order).await? else {
        return Ok(());
    };
    let reason = if coupon.valid_until <= now {
        Reason::Expired
    } else if coupon.first_order_only && queries::orders_of(tx, customer).await? > 0 {
        Reason::FirstOrderOnly
    } else {
        return Ok(());
    };
    Err(not_usable(reason, &coupon.terms.title))
}

/// The order has other lines now: what its coupon takes off these. `None`: it has no coupon. Refuses with `coupon_not_usable`.
pub(crate) async fn again(tx: &mut Tx, order: OrderId, lines: &[Line]) -> Result<Option<Applied>> {
    let Some(coupon) = queries::coupon_on(tx, order).await? else {
        return Ok(None);
    };
    // It was taken in time, and for a first order if it had to be.
    let as_taken = Coupon {
        state: CouponState::Usable,
        first_order_only: false,
        ..coupon.clone()
    };
    let circumstances = Circumstances {
        now: coupon.valid_from,
        orders_before: 0,
    };
    let applied = evaluate::judge(&as_taken, lines, circumstances)?;
    let applied = applied.map_err(|rejected| not_usable(rejected.reason, &rejected.title))?;
    queries::set_deducted(tx, order, applied.deduction).await?;
    Ok(Some(applied))
}

/// The order has other lines now, and shall have this coupon or none: the one that it had goes back unless it is the same. Refuses as
/// [`consider`] does.
pub(crate) async fn exchange(
    tx: &mut Tx,
    (customer, wanted): (UserId, Option<CouponId>),
    order: OrderId,
    lines: &[Line],
    now: Timestamp,
) -> Result<Option<Applied>> {
    let had = queries::coupon_on(tx, order).await?;
    if had.as_ref().map(|coupon| coupon.id) == wanted {
        return again(tx, order, lines).await;
    }
    if had.is_some() {
        release(tx, order, now).await?;
    }
    match wanted {
        Some(coupon) => Ok(Some(lock(tx, (customer, coupon), order, lines, now).await?)),
        None => Ok(None),
    }
}

/// The order is paid. Nothing happens to an order without a coupon.
pub(crate) async fn used(tx: &mut Tx, order: OrderId, now: Timestamp) -> Result<()> {
    let Some(used) = queries::used(tx, order, now).await? else {
        return Ok(());
    };
    let fact = Fact::CouponUsed {
        coupon_id: used.coupon,
        template_id: used.template,
        customer_id: used.customer,
        order_id: order,
        deducted: used.deducted.in_minor(),
    };
    tx.remember(&fact, now).await
}

/// The order is cancelled before the shop has taken it: back into the wallet, with the end that it had.
pub(crate) async fn release(tx: &mut Tx, order: OrderId, now: Timestamp) -> Result<()> {
    queries::release(tx, order, now).await
}

async fn circumstances(tx: &mut Tx, customer: UserId, now: Timestamp) -> Result<Circumstances> {
    Ok(Circumstances {
        now,
        orders_before: queries::orders_of(tx, customer).await?,
    })
}

fn not_usable(reason: Reason, title: &str) -> Error {
    let word = match serde_json::to_value(reason) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    };
    let sentence = format!("{title}: {}", reason.sentence());
    refused_because(Refusal::CouponNotUsable, &word, sentence)
}

impl Reason {
    /// For people.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::NotYet => "it cannot be used yet.",
            Self::Expired => "it has expired.",
            Self::Locked => "it is on another order that is not paid yet.",
            Self::Held => "the shop looks at how it was claimed first.",
            Self::Used => "it was used.",
            Self::FirstOrderOnly => "it is for the first order in this shop only.",
            Self::NothingInScope => "nothing in the basket is what it is for.",
            Self::DoesNotStack => "it does not count for goods that are reduced already.",
            Self::BelowThreshold => "the goods it is for do not come to its threshold.",
            Self::TakesNothing => "it comes to nothing for this basket.",
        }
    }
}
