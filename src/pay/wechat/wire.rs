//! What WeChat Pay says, as far as we read it, and what it means.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{Number, Paid, RefundStanding, Refunded, Standing};
use crate::money::{Currency, Money};

/// An amount to be paid, in fen.
#[derive(Serialize)]
pub(super) struct Total {
    pub(super) total: i64,
    pub(super) currency: &'static str,
}

/// `POST /v3/pay/transactions/native`.
#[derive(Serialize)]
pub(super) struct NativeCharge<'a> {
    pub(super) appid: &'a str,
    pub(super) mchid: &'a str,
    pub(super) description: String,
    pub(super) out_trade_no: &'a str,
    pub(super) time_expire: String,
    pub(super) notify_url: &'a str,
    pub(super) amount: Total,
}

/// Its answer.
#[derive(Deserialize)]
pub(super) struct NativeCode {
    pub(super) code_url: String,
}

/// `POST /v3/pay/transactions/out-trade-no/{number}/close`.
#[derive(Serialize)]
pub(super) struct Close<'a> {
    pub(super) mchid: &'a str,
}

/// A part of what was paid, in fen.
#[derive(Serialize)]
pub(super) struct Part {
    pub(super) refund: i64,
    pub(super) total: i64,
    pub(super) currency: &'static str,
}

/// `POST /v3/refund/domestic/refunds`.
#[derive(Serialize)]
pub(super) struct NewRefund<'a> {
    pub(super) out_trade_no: &'a str,
    pub(super) out_refund_no: &'a str,
    pub(super) reason: String,
    pub(super) notify_url: &'a str,
    pub(super) amount: Part,
}

/// A refusal.
#[derive(Deserialize)]
pub(super) struct No {
    pub(super) code: String,
}

/// The outside of a notice.
#[derive(Deserialize)]
pub(super) struct Envelope {
    pub(super) event_type: String,
    pub(super) resource: Sealed,
}

/// Its inside.
#[derive(Deserialize)]
pub(super) struct Sealed {
    pub(super) algorithm: String,
    pub(super) ciphertext: String,
    #[serde(default)]
    pub(super) associated_data: String,
    pub(super) nonce: String,
}

/// A payment, in a notice or asked for.
#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) mchid: String,
    pub(super) appid: String,
    pub(super) out_trade_no: String,
    pub(super) trade_state: String,
    #[serde(rename = "transaction_id")]
    id: Option<String>,
    success_time: Option<Timestamp>,
    amount: Option<Amount>,
}

#[derive(Deserialize)]
struct Amount {
    total: i64,
    #[serde(default = "yuan")]
    currency: String,
}

fn yuan() -> String {
    "CNY".to_owned()
}

impl Transaction {
    /// Nothing if it contradicts itself.
    pub(super) fn standing(&self) -> Option<Standing> {
        match &self.trade_state[..] {
            // `REFUND`: paid, and some of it given back since.
            "SUCCESS" | "REFUND" => self.paid().map(Standing::Paid),
            "NOTPAY" | "USERPAYING" | "PAYERROR" => Some(Standing::Waiting),
            "CLOSED" | "REVOKED" => Some(Standing::Closed),
            _ => None,
        }
    }

    pub(super) fn paid(&self) -> Option<Paid> {
        let amount = self.amount.as_ref()?;
        Some(Paid {
            number: Number::parse(&self.out_trade_no)?,
            transaction_id: self.id.clone()?,
            amount: Money::minor(amount.total),
            currency: Currency::parse(&amount.currency).ok()?,
            paid_at: self.success_time?,
        })
    }
}

/// A refund, in a notice (`refund_status`) or asked for (`status`).
#[derive(Deserialize)]
pub(super) struct RefundState {
    pub(super) mchid: Option<String>,
    pub(super) out_trade_no: String,
    pub(super) out_refund_no: String,
    #[serde(alias = "refund_status")]
    status: String,
    success_time: Option<Timestamp>,
    pub(super) amount: RefundAmount,
}

/// In fen.
#[derive(Deserialize)]
pub(super) struct RefundAmount {
    pub(super) refund: i64,
}

impl RefundState {
    /// Nothing if it contradicts itself.
    pub(super) fn standing(&self) -> Option<RefundStanding> {
        match &self.status[..] {
            "SUCCESS" => self.success_time.map(|at| RefundStanding::Succeeded { at }),
            "PROCESSING" => Some(RefundStanding::Processing),
            "CLOSED" => Some(RefundStanding::Failed {
                reason: self.status.clone(),
            }),
            "ABNORMAL" => Some(RefundStanding::Stuck),
            _ => None,
        }
    }

    pub(super) fn refunded(&self) -> Option<Refunded> {
        Some(Refunded {
            number: Number::parse(&self.out_trade_no)?,
            refund_number: Number::parse(&self.out_refund_no)?,
            amount: Some(Money::minor(self.amount.refund)),
            standing: self.standing()?,
        })
    }
}
