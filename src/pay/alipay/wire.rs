//! What Alipay says, as far as we read it, and what it means. Amounts are yuan with a point.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::{Number, Paid, Standing, beijing, fault::Forged, key::VerifyingKey};
use crate::money::{Currency, Money};

/// `alipay.trade.precreate`.
#[derive(Serialize)]
pub(super) struct Precreate<'a> {
    pub(super) out_trade_no: &'a str,
    pub(super) seller_id: &'a str,
    pub(super) total_amount: String,
    pub(super) subject: String,
    pub(super) time_expire: String,
}

/// `alipay.trade.query` and `alipay.trade.close`.
#[derive(Serialize)]
pub(super) struct Which<'a> {
    pub(super) out_trade_no: &'a str,
}

/// `alipay.trade.refund`.
#[derive(Serialize)]
pub(super) struct NewRefund<'a> {
    pub(super) out_trade_no: &'a str,
    pub(super) out_request_no: &'a str,
    pub(super) refund_amount: String,
    pub(super) refund_reason: String,
}

/// `alipay.trade.fastpay.refund.query`.
#[derive(Serialize)]
pub(super) struct WhichRefund<'a> {
    pub(super) out_trade_no: &'a str,
    pub(super) out_request_no: &'a str,
    pub(super) query_options: [&'static str; 1],
}

/// Any answer: what is asked for is present or not.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub(super) code: String,
    pub(super) sub_code: Option<String>,
    pub(super) out_trade_no: Option<String>,
    pub(super) out_request_no: Option<String>,
    pub(super) qr_code: Option<String>,
    pub(super) trade_no: Option<String>,
    pub(super) trade_status: Option<String>,
    pub(super) total_amount: Option<String>,
    pub(super) send_pay_date: Option<String>,
    pub(super) fund_change: Option<String>,
    pub(super) gmt_refund_pay: Option<String>,
    pub(super) refund_amount: Option<String>,
    pub(super) refund_status: Option<String>,
}

impl Answer {
    /// Nothing if it contradicts itself.
    pub(super) fn standing(&self) -> Option<Standing> {
        match self.trade_status.as_deref()? {
            "WAIT_BUYER_PAY" => Some(Standing::Waiting),
            "TRADE_SUCCESS" | "TRADE_FINISHED" => self.paid().map(Standing::Paid),
            // Closed unpaid; or paid, and all of it given back: then it has a time of payment.
            "TRADE_CLOSED" => Some(self.paid().map_or(Standing::Closed, Standing::Paid)),
            _ => None,
        }
    }

    fn paid(&self) -> Option<Paid> {
        paid(
            self.out_trade_no.as_deref()?,
            self.trade_no.as_deref()?,
            self.total_amount.as_deref()?,
            self.send_pay_date.as_deref()?,
        )
    }
}

/// A payment from its texts: our number, theirs, the amount, the time.
pub(super) fn paid(number: &str, transaction: &str, amount: &str, at: &str) -> Option<Paid> {
    Some(Paid {
        number: Number::parse(number)?,
        transaction_id: transaction.to_owned(),
        amount: fen(amount)?,
        currency: yuan(),
        paid_at: beijing::read(at)?,
    })
}

/// `159.00` and what else people write for it; no float on the way.
pub(super) fn fen(text: &str) -> Option<Money> {
    yuan().read(text)
}

/// E.g. `159.00`.
pub(super) fn written(amount: Money) -> String {
    yuan().write(amount)
}

fn yuan() -> Currency {
    Currency::parse("CNY").expect("yuan are known")
}

/// Takes the answer out of what came, if Alipay signed it. Signed is the answer's text, to the letter as it came.
pub(super) fn open(body: &[u8], method: &str, key: &VerifyingKey) -> Result<Answer, Forged> {
    let parts: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(body).map_err(|_| Forged::Unreadable)?;
    let name = format!("{}_response", method.replace('.', "_"));
    let answer = parts.get(&name).or_else(|| parts.get("error_response"));
    let (answer, sign) = answer.zip(parts.get("sign")).ok_or(Forged::Unsigned)?;
    let sign: String = serde_json::from_str(sign.get()).map_err(|_| Forged::Unreadable)?;
    let text = answer.get();
    // Alipay writes `/` as `\/` at times, and signs it without: the same JSON.
    let signed = key.signed(text.as_bytes(), &sign)
        || text.contains("\\/") && key.signed(text.replace("\\/", "/").as_bytes(), &sign);
    if !signed {
        return Err(Forged::WrongSignature);
    }
    serde_json::from_str(text).map_err(|_| Forged::Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// PAY-01: whatever is written in yuan is read as the same fen, without a float.
        #[test]
        fn yuan_are_read_as_the_fen_they_were_written_of(fen in 0..=i64::MAX) {
            let text = written(Money::minor(fen));
            prop_assert_eq!(super::fen(&text), Some(Money::minor(fen)));
            let (yuan, part) = text.split_once('.').unwrap();
            let sum = i128::from(fen) - yuan.parse::<i128>().unwrap() * 100 - part.parse::<i128>().unwrap();
            prop_assert_eq!((part.len(), sum), (2, 0));
        }

        /// PAY-01: what is not exactly yuan and fen is no amount.
        #[test]
        fn nothing_else_is_an_amount(text in "[-+ ]?[0-9]{0,3}[.,e]?[0-9]{0,4}") {
            let exact = text.split_once('.').map_or((text.as_str(), "0"), |parts| parts);
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let good = digits(exact.0) && digits(exact.1) && exact.1.len() <= 2;
            prop_assert_eq!(fen(&text).is_some(), good, "{}", text);
        }
    }

    /// PAY-01: a charge that is closed was paid if it says when.
    #[test]
    fn what_is_closed_after_it_was_given_back_was_paid() {
        let answer = |status: &str, paid: bool| Answer {
            trade_status: Some(status.into()),
            out_trade_no: Some("pay_0001".into()),
            trade_no: Some("2026".into()),
            total_amount: Some("1.00".into()),
            send_pay_date: paid.then(|| "2026-11-11 20:00:00".into()),
            ..Answer::default()
        };
        assert!(matches!(
            answer("TRADE_SUCCESS", true).standing(),
            Some(Standing::Paid(_))
        ));
        assert!(matches!(
            answer("TRADE_CLOSED", true).standing(),
            Some(Standing::Paid(_))
        ));
        assert_eq!(
            answer("TRADE_CLOSED", false).standing(),
            Some(Standing::Closed)
        );
        assert_eq!(
            answer("WAIT_BUYER_PAY", false).standing(),
            Some(Standing::Waiting)
        );
        assert_eq!(answer("TRADE_SUCCESS", false).standing(), None);
        assert_eq!(answer("TRADE_PARTLY", true).standing(), None);
    }
}
