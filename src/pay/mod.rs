//! The edge to the payment providers: what is said to WeChat Pay and Alipay, and what of theirs is believed.
//!
//! It knows amounts, numbers and signatures, and nothing of orders or the database: the noun that takes payments keeps the
//! numbers, compares the amounts and decides what a notice means. Nothing here is remembered; every verb may be repeated with
//! the same numbers. `docs/payments.md` is for those who set it up.

mod alipay;
mod beijing;
mod fault;
mod key;
mod terms;
mod wechat;

use std::sync::Arc;

use anyhow::Context as _;
use http::HeaderMap;

use self::{alipay::Alipay, terms::cut, wechat::WechatPay};
pub use self::{
    fault::{Doubt, Fault, Forged},
    terms::{
        Acknowledgement, Charge, Closing, Heard, Method, Notice, Number, Paid, Payable, Refund,
        RefundStanding, Refunded, Standing,
    },
};
use crate::{
    clock::Clock,
    config::Config,
    line,
    money::{Currency, Money},
};

/// Bytes of a notice that are read; whoever sends more is no provider.
pub const NOTICE_BYTES: usize = line::BODY_BYTES;

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

/// All providers here settle in yuan.
fn in_yuan(currency: Currency) -> Result<(), Fault> {
    if currency.code() == "CNY" {
        return Ok(());
    }
    Err(Fault::Unfit("the provider takes CNY"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

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
}
