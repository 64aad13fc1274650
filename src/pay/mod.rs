//! The edge to the payment providers: what is said to WeChat Pay and Alipay, and what of theirs is believed.
//!
//! It knows amounts, numbers and signatures, and nothing of orders or the database: the noun that takes payments keeps the
//! numbers, compares the amounts and decides what a notice means. Nothing here is remembered; every verb may be repeated with
//! the same numbers. `docs/payments.md` is for those who set it up.

mod alipay;
mod beijing;
mod fault;
mod key;
mod line;
mod wechat;

use std::{fmt, sync::Arc};

use anyhow::Context as _;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::fault::{Doubt, Fault, Forged};
use self::{alipay::Alipay, wechat::WechatPay};
use crate::{
    clock::Clock,
    config::Config,
    money::{Currency, Money},
};

/// Bytes of a notice that are read; whoever sends more is no provider.
pub const NOTICE_BYTES: usize = line::BODY_BYTES;

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

/// Whoever takes the money. Cheap to clone.
#[derive(Clone)]
pub enum Provider {
    /// WeChat Pay, API v3.
    WechatPay(Arc<WechatPay>),
    /// Alipay, open platform.
    Alipay(Arc<Alipay>),
    /// Nobody is called; staff confirm payments and refunds.
    Offline,
    /// Nobody is called; everything is paid at once. Development only.
    Sandbox(Clock),
}

/// Those that are set up. Cheap to clone.
#[derive(Clone)]
pub struct Providers(Arc<[Provider]>);

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

impl Providers {
    /// As the settings say; keys are read now. Refuses, by the setting's name, keys and addresses that are none.
    pub fn open(config: &Config, clock: &Clock) -> anyhow::Result<Self> {
        let mut open = vec![];
        if config.wechat_pay.is_set() {
            let wechat = WechatPay::open(config, clock).context("in `[wechat_pay]`")?;
            open.push(Provider::WechatPay(Arc::new(wechat)));
        }
        if config.alipay.is_set() {
            let alipay = Alipay::open(config, clock).context("in `[alipay]`")?;
            open.push(Provider::Alipay(Arc::new(alipay)));
        }
        open.push(Provider::Offline);
        if config.development() {
            open.push(Provider::Sandbox(clock.clone()));
        }
        Ok(Self(open.into()))
    }

    /// Nothing if it is not set up here.
    pub fn by(&self, method: Method) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.method() == method)
    }

    /// Those that there are.
    pub fn methods(&self) -> impl Iterator<Item = Method> {
        self.0.iter().map(Provider::method)
    }
}

impl Provider {
    /// Which one it is.
    pub fn method(&self) -> Method {
        match self {
            Self::WechatPay(_) => Method::WechatPay,
            Self::Alipay(_) => Method::Alipay,
            Self::Offline => Method::Offline,
            Self::Sandbox(_) => Method::Sandbox,
        }
    }

    /// Asks for money. Repeated with the same number and amount it is the same charge; a code may be a new one.
    pub async fn charge(&self, charge: &Charge) -> Result<Payable, Fault> {
        let said = match self {
            _ if charge.amount <= Money::ZERO => Err(Fault::Unfit("there is nothing to pay")),
            Self::WechatPay(wechat) => wechat.charge(charge).await,
            Self::Alipay(alipay) => alipay.charge(charge).await,
            Self::Offline => Ok(Payable::ByHand),
            Self::Sandbox(clock) => Ok(Payable::Paid(Paid {
                number: charge.number.clone(),
                transaction_id: format!("sandbox-{}", charge.number),
                amount: charge.amount,
                currency: charge.currency,
                paid_at: clock.now(),
            })),
        };
        self.noted("charge", &charge.number, said)
    }

    /// How a charge stands, for when no notice came. Nothing: the provider knows no such charge; Alipay knows one from the moment
    /// that somebody scans its code. Offline and the sandbox remember nothing.
    pub async fn query(&self, number: &Number) -> Result<Option<Standing>, Fault> {
        let said = match self {
            Self::WechatPay(wechat) => wechat.query(number).await,
            Self::Alipay(alipay) => alipay.query(number).await,
            Self::Offline | Self::Sandbox(_) => Ok(None),
        };
        self.noted("query", number, said)
    }

    /// Takes a charge back: nobody shall pay it any more.
    pub async fn close(&self, number: &Number) -> Result<Closing, Fault> {
        let said = match self {
            Self::WechatPay(wechat) => wechat.close(number).await,
            Self::Alipay(alipay) => alipay.close(number).await,
            Self::Offline | Self::Sandbox(_) => Ok(Closing::Closed),
        };
        self.noted("close", number, said)
    }

    /// Gives money back, once for each refund number.
    pub async fn refund(&self, refund: &Refund) -> Result<RefundStanding, Fault> {
        let said = match self {
            _ if refund.amount <= Money::ZERO || refund.amount > refund.total => {
                Err(Fault::Unfit("it is not a part of what was paid"))
            }
            Self::WechatPay(wechat) => wechat.refund(refund).await,
            Self::Alipay(alipay) => alipay.refund(refund).await,
            Self::Offline => Ok(RefundStanding::Processing),
            Self::Sandbox(clock) => Ok(RefundStanding::Succeeded { at: clock.now() }),
        };
        self.noted("refund", &refund.refund_number, said)
    }

    /// How a refund stands. Nothing: the provider knows of none (Alipay: none that succeeded), so asking for it again with the
    /// same number is right.
    pub async fn query_refund(
        &self,
        number: &Number,
        refund_number: &Number,
    ) -> Result<Option<RefundStanding>, Fault> {
        let said = match self {
            Self::WechatPay(wechat) => wechat.query_refund(number, refund_number).await,
            Self::Alipay(alipay) => alipay.query_refund(number, refund_number).await,
            Self::Offline | Self::Sandbox(_) => Ok(None),
        };
        self.noted("query_refund", refund_number, said)
    }

    /// Reads what came to the `notify_url`, of which every byte may be a stranger's: only what is signed by the provider, just
    /// now and for this merchant and app, is believed.
    pub fn notice(&self, headers: &HeaderMap, body: &[u8]) -> Result<Notice, Forged> {
        let said = match self {
            _ if body.len() > NOTICE_BYTES => Err(Forged::TooLong),
            Self::WechatPay(wechat) => wechat.notice(headers, body),
            Self::Alipay(alipay) => alipay.notice(body),
            Self::Offline | Self::Sandbox(_) => Err(Forged::Unsigned),
        };
        let (provider, outcome) = (
            self.method().word(),
            if said.is_ok() { "believed" } else { "forged" },
        );
        metrics::counter!("souk_payment_notices", "provider" => provider, "outcome" => outcome)
            .increment(1);
        if let Err(why) = said {
            tracing::warn!(provider, %why, "a notice of a payment is not believed");
        }
        said
    }

    /// What to answer to a notice, within five seconds.
    pub fn acknowledge(&self, heard: Heard) -> Acknowledgement {
        match self {
            Self::WechatPay(_) => wechat::acknowledge(heard),
            _ => alipay::acknowledge(heard),
        }
    }

    /// Counts a call, and logs what went wrong: never what was said in it.
    fn noted<T>(
        &self,
        call: &'static str,
        number: &Number,
        said: Result<T, Fault>,
    ) -> Result<T, Fault> {
        let provider = self.method().word();
        let outcome = said.as_ref().err().map_or("done", Fault::word);
        metrics::counter!("souk_payment_calls", "provider" => provider, "call" => call, "outcome" => outcome)
            .increment(1);
        if let Err(fault) = &said {
            tracing::warn!(provider, call, %number, %fault, "a payment provider did not do it");
        }
        said
    }
}

/// Cuts what a payer reads to so many characters, on one line.
fn cut(text: &str, characters: usize) -> String {
    let plain = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(characters).collect()
}

/// All providers here settle in yuan.
fn in_yuan(currency: Currency) -> Result<(), Fault> {
    if currency.code() == "CNY" {
        return Ok(());
    }
    Err(Fault::Unfit("the provider takes CNY"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Profile;

    fn providers(profile: Profile) -> Providers {
        let mut config = Config::default();
        config.server.profile = profile;
        Providers::open(&config, &Clock::default()).unwrap()
    }

    fn charge(amount: i64) -> Charge {
        Charge {
            number: Number::parse("pay_0001").unwrap(),
            amount: Money::minor(amount),
            currency: Currency::parse("CNY").unwrap(),
            description: "tea".into(),
            notify_url: "https://souk.test/notices".into(),
            expires_at: Timestamp::MAX,
        }
    }

    fn refund(amount: i64, total: i64) -> Refund {
        Refund {
            number: Number::parse("pay_0001").unwrap(),
            refund_number: Number::parse("back_0001").unwrap(),
            amount: Money::minor(amount),
            total: Money::minor(total),
            currency: Currency::parse("CNY").unwrap(),
            reason: "cold".into(),
            notify_url: "https://souk.test/notices".into(),
        }
    }

    /// PAY-01: without settings there is paying by hand, and paying with nothing only where nobody sells.
    #[test]
    fn nothing_pays_with_nothing_in_production() {
        let production: Vec<_> = providers(Profile::Production).methods().collect();
        assert_eq!(production, [Method::Offline]);
        let development: Vec<_> = providers(Profile::Development).methods().collect();
        assert_eq!(development, [Method::Offline, Method::Sandbox]);
        assert!(providers(Profile::Production).by(Method::Sandbox).is_none());
    }

    /// PAY-01: the sandbox pays at once, and nobody can tell it anything.
    #[tokio::test]
    async fn the_sandbox_pays_at_once() {
        let providers = providers(Profile::Development);
        let sandbox = providers.by(Method::Sandbox).unwrap();
        let Payable::Paid(paid) = sandbox.charge(&charge(15_900)).await.unwrap() else {
            panic!("it is paid");
        };
        assert_eq!(paid.amount, Money::minor(15_900));
        let back = sandbox.refund(&refund(100, 15_900)).await.unwrap();
        assert!(matches!(back, RefundStanding::Succeeded { .. }));
        let offline = providers.by(Method::Offline).unwrap();
        assert_eq!(offline.charge(&charge(1)).await, Ok(Payable::ByHand));
        for provider in [sandbox, offline] {
            let said = provider.notice(&HeaderMap::new(), b"out_trade_no=pay_0001");
            assert_eq!(said, Err(Forged::Unsigned));
        }
    }

    /// PAY-01: nobody charges nothing, or gives back what was not paid.
    #[tokio::test]
    async fn absurd_amounts_are_unfit() {
        let providers = providers(Profile::Development);
        let sandbox = providers.by(Method::Sandbox).unwrap();
        for amount in [0, -1] {
            assert!(matches!(
                sandbox.charge(&charge(amount)).await,
                Err(Fault::Unfit(_))
            ));
        }
        for (amount, total) in [(0, 5), (-1, 5), (6, 5)] {
            let said = sandbox.refund(&refund(amount, total)).await;
            assert!(matches!(said, Err(Fault::Unfit(_))), "{amount} of {total}");
        }
    }

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

    #[test]
    fn what_payers_read_is_cut_between_characters() {
        assert_eq!(cut("连衣裙\n红", 4), "连衣裙 ");
        assert_eq!(cut("tea", 4), "tea");
    }
}
