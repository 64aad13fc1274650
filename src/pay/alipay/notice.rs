//! What Alipay tells by itself: a form, signed.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        Acknowledgement, Heard, Notice, Number, RefundStanding, Refunded, beijing, fault::Forged,
    },
    Alipay,
    form::Form,
    wire::{fen, paid},
};
use crate::money::Money;

/// Alipay's documents know no window. It tells again for 25 hours: what is older is somebody's copy.
const OLDEST: SignedDuration = SignedDuration::from_hours(26);
/// Its clock may be ahead of ours by so much.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Reads a form whose signature is good.
pub(super) fn read(alipay: &Alipay, form: &Form, now: Timestamp) -> Result<Notice, Forged> {
    let told_at = form.get("notify_time").and_then(beijing::read);
    let age = now.duration_since(told_at.ok_or(Forged::Unreadable)?);
    if age > OLDEST || age < -AHEAD {
        return Err(Forged::Stale);
    }
    let is = |name, ours: &str| form.get(name) == Some(ours);
    if !is("app_id", &alipay.app_id) || !is("seller_id", &alipay.seller_id) {
        return Err(Forged::NotOurs);
    }
    let number = form.get("out_trade_no").unwrap_or_default();
    // The merchant may have other systems, with numbers that we would not give.
    let Some(number) = Number::parse(number) else {
        return Ok(Notice::Other);
    };
    if let Some(refunded) = refunded(form, &number) {
        return Ok(refunded);
    }
    match form.get("trade_status") {
        Some("TRADE_SUCCESS" | "TRADE_FINISHED") => payment(form).ok_or(Forged::Unreadable),
        _ => Ok(Notice::Other),
    }
}

fn payment(form: &Form) -> Option<Notice> {
    let paid = paid(
        form.get("out_trade_no")?,
        form.get("trade_no")?,
        form.get("total_amount")?,
        form.get("gmt_payment")?,
    );
    paid.map(Notice::Paid)
}

/// A refund comes under the status of the payment: `TRADE_SUCCESS` while a part is left, `TRADE_CLOSED` when nothing is. What it
/// calls `refund_fee` is the sum of all refunds so far.
fn refunded(form: &Form, number: &Number) -> Option<Notice> {
    let at = form.get("gmt_refund").and_then(beijing::read)?;
    form.get("refund_fee")
        .and_then(fen)
        .filter(|sum| *sum > Money::ZERO)?;
    // By hand on Alipay's pages: its own number, which means nothing to us.
    let Some(refund_number) = form.get("out_biz_no").and_then(Number::parse) else {
        return Some(Notice::Other);
    };
    Some(Notice::Refunded(Refunded {
        number: number.clone(),
        refund_number,
        amount: None,
        standing: RefundStanding::Succeeded { at },
    }))
}

/// Whatever is not `success`, to the letter, is told again, up to 25 hours long.
pub(in super::super) fn acknowledge(heard: Heard) -> Acknowledgement {
    let (status, body) = match heard {
        Heard::Settled => (StatusCode::OK, "success"),
        Heard::Forged => (StatusCode::UNAUTHORIZED, "failure"),
        Heard::Failed => (StatusCode::SERVICE_UNAVAILABLE, "failure"),
    };
    Acknowledgement {
        status,
        content_type: "text/plain",
        body,
    }
}
