//! What is said between us and the providers, whichever they are.

use std::fmt;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};

/// How somebody pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// WeChat Pay, by a code that is scanned.
    WechatPay,
    /// Alipay, by a code that is scanned or opened.
    Alipay,
    /// By hand, in whatever way; staff confirm it.
    Offline,
    /// With nothing; development only.
    Sandbox,
}

/// Our number of a payment or of a refund, by which the provider knows it again: 6 to 32 of `0-9`, `A-Z`, `a-z` and `_`, which
/// all providers take.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(String);

/// What is to be paid.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Unique among all payments of the server, for ever.
    pub number: Number,
    /// More than nothing.
    pub amount: Money,
    /// The providers take `CNY`.
    pub currency: Currency,
    /// What the payer reads; it is cut to what the provider takes.
    pub description: String,
    /// Where the provider tells how it went: `https`, without a query.
    pub notify_url: String,
    /// From then on nobody can pay it any more.
    pub expires_at: Timestamp,
}

/// How the customer pays a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payable {
    /// A text to be drawn as a QR code, which the provider's app scans.
    Code {
        /// For the QR code.
        text: String,
        /// It is also a web address that opens the provider's app on the same phone.
        opens: bool,
    },
    /// Somehow; staff will confirm it.
    ByHand,
    /// It is paid already.
    Paid(Paid),
}

/// Money that came in, whatever of it has been given back since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Ours.
    pub number: Number,
    /// The provider's own.
    pub transaction_id: String,
    /// What was paid; compare it with what was charged.
    pub amount: Money,
    /// Of the amount.
    pub currency: Currency,
    /// By the provider's clock.
    pub paid_at: Timestamp,
}

/// How a charge stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has paid yet.
    Waiting,
    /// Somebody has.
    Paid(Paid),
    /// Nobody has, and nobody can any more.
    Closed,
}

/// What became of a wish to close a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Nobody can pay it any more.
    Closed,
    /// Somebody paid first: ask for the standing.
    Paid,
    /// The provider knows no such charge: it was never made or, with Alipay, nobody has scanned its code yet. Alipay then
    /// refuses who scans it later; count on `expires_at`, and give back what comes all the same.
    NotThere,
}

/// What is to be given back.
#[derive(Clone, Debug)]
pub struct Refund {
    /// Of the payment.
    pub number: Number,
    /// Of this refund: whoever asks twice with one number gives back once.
    pub refund_number: Number,
    /// More than nothing.
    pub amount: Money,
    /// What was paid in all.
    pub total: Money,
    /// As it was paid.
    pub currency: Currency,
    /// What the payer reads; it is cut to what the provider takes.
    pub reason: String,
    /// Where the provider tells how it went: `https`, without a query. Alipay tells where it told of the payment.
    pub notify_url: String,
}

/// How a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundStanding {
    /// Under way: ask again, or wait for the notice. Offline: until staff say so.
    Processing,
    /// The payer has it.
    Succeeded {
        /// By the provider's clock.
        at: Timestamp,
    },
    /// The payer will not get it, and we have it still.
    Failed {
        /// The provider's own word.
        reason: String,
    },
    /// The provider could not hand it out, e.g. to a card that is closed; staff settle it on the provider's pages. It may succeed
    /// yet.
    Stuck,
}

/// A refund of which a provider tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refunded {
    /// Of the payment.
    pub number: Number,
    /// Of this refund.
    pub refund_number: Number,
    /// What was given back by it; Alipay does not say.
    pub amount: Option<Money>,
    /// How it stands.
    pub standing: RefundStanding,
}

/// What a provider tells by itself. It may come twice, at once, late, in any order or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A charge was paid.
    Paid(Paid),
    /// A refund went on.
    Refunded(Refunded),
    /// Something else, for us and genuine: acknowledge it.
    Other,
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is dealt with, now or before, or there is nothing to do.
    Settled,
    /// It is not believed.
    Forged,
    /// It could not be dealt with now: the provider shall tell again.
    Failed,
}

/// The answer to a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// HTTP status.
    pub status: StatusCode,
    /// Of the body.
    pub content_type: &'static str,
    /// What the provider wants to hear, to the letter.
    pub body: &'static str,
}

impl Method {
    /// As it is stored and written.
    pub fn word(self) -> &'static str {
        match self {
            Self::WechatPay => "wechat_pay",
            Self::Alipay => "alipay",
            Self::Offline => "offline",
            Self::Sandbox => "sandbox",
        }
    }

    /// The method of that word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::WechatPay, Self::Alipay, Self::Offline, Self::Sandbox];
        all.into_iter().find(|method| method.word() == word)
    }
}

impl Number {
    /// Nothing for what the providers would not take.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let good = (6..=32).contains(&text.len()) && text.bytes().all(fits);
        good.then(|| Self(text.to_owned()))
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Cuts what a payer reads to so many characters, on one line.
pub(super) fn cut(text: &str, characters: usize) -> String {
    let plain = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAY-01: only numbers that every provider takes are numbers.
    #[test]
    fn numbers_are_those_that_every_provider_takes() {
        let long = "x".repeat(33);
        for text in [
            "",
            "short",
            &long,
            "pay-0001",
            "pay 0001",
            "支付0001",
            "../../v3/refund",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        for text in ["pay_01", &long[1..], "0193a5e07c1b7f3ab3c1d2e3f4a5b6c7"] {
            assert_eq!(Number::parse(text).unwrap().as_str(), text);
        }
    }

    /// PAY-01: a method is stored by the word that it is written with.
    #[test]
    fn methods_are_known_by_their_words() {
        for method in [
            Method::WechatPay,
            Method::Alipay,
            Method::Offline,
            Method::Sandbox,
        ] {
            assert_eq!(Method::parse(method.word()), Some(method));
            assert_eq!(serde_json::to_value(method).unwrap(), method.word());
        }
        assert_eq!(Method::parse("cash"), None);
    }

    /// PAY-01: a description fits, and is still letters.
    #[test]
    fn what_payers_read_is_cut_between_characters() {
        assert_eq!(cut("连衣裙\n红", 4), "连衣裙 ");
        assert_eq!(cut("tea", 4), "tea");
    }
}
