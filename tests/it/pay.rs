//! The edge to the payment providers, against a simulator that checks and signs with cryptography of its own.

mod charging;
mod notices;
mod refunds;
mod setting;
mod tricks;

use jiff::{SignedDuration, Timestamp};
use souk::{
    clock::Clock,
    config::{Config, Profile},
    money::{Currency, Money},
    pay::{Charge, Method, Number, Provider, Providers, Refund},
};

use crate::support::{Simulator, simulator::Plays};

pub const BOTH: [Plays; 2] = [Plays::WechatPay, Plays::Alipay];

/// A provider that is played, and the way to it.
pub struct Scene {
    pub simulator: Simulator,
    pub provider: Provider,
    pub clock: Clock,
}

impl Scene {
    pub async fn with(plays: Plays) -> Self {
        Self::set(plays, |_| ()).await
    }

    pub async fn set(plays: Plays, change: impl FnOnce(&mut Config)) -> Self {
        let simulator = Simulator::start(plays).await;
        let mut config = Config::default();
        config.server.profile = Profile::Production;
        simulator.set(&mut config);
        change(&mut config);
        let clock = Clock::movable();
        simulator.follows(&clock);
        let providers = Providers::open(&config, &clock).expect("it is set up");
        let method = match plays {
            Plays::WechatPay => Method::WechatPay,
            Plays::Alipay => Method::Alipay,
        };
        Self {
            simulator,
            provider: providers.by(method).expect("it is there").clone(),
            clock,
        }
    }

    /// What is charged, for half an hour.
    pub fn charge(&self, name: &str, fen: i64) -> Charge {
        Charge {
            number: number(name),
            amount: Money::minor(fen),
            currency: yuan(),
            description: "连衣裙 / S=粉 & 更多\n".repeat(20),
            notify_url: "http://127.0.0.1:9/notices".into(),
            expires_at: self.clock.now() + SignedDuration::from_mins(30),
        }
    }

    /// A charge that somebody has paid; nobody was told.
    pub async fn paid(&self, name: &str, fen: i64) {
        let charge = self.charge(name, fen);
        self.provider.charge(&charge).await.expect("charged");
        assert!(self.simulator.pay(name));
    }
}

pub fn number(name: &str) -> Number {
    Number::parse(name).expect("a number")
}

pub fn yuan() -> Currency {
    Currency::parse("CNY").expect("a currency")
}

/// A part of what was paid.
pub fn refund(name: &str, refund_name: &str, fen: i64, total: i64) -> Refund {
    Refund {
        number: number(name),
        refund_number: number(refund_name),
        amount: Money::minor(fen),
        total: Money::minor(total),
        currency: yuan(),
        reason: "七天无理由".into(),
        notify_url: "http://127.0.0.1:9/notices".into(),
    }
}

/// Providers tell times in whole seconds.
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("a time")
}
