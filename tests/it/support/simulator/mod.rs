//! WeChat Pay and Alipay, in the test's process: they check the server's signatures with cryptography of their own, sign what
//! they say, send notices, and misbehave when they are told to.
//!
//! A story starts one ([`Simulator::start`]), puts it into the settings ([`Simulator::set`]), lets somebody pay
//! ([`Simulator::pay`]), and sends the notice ([`Simulator::tell`]), once, twice, late, or with a [`Lie`] in it. A [`Trick`] is what
//! the next call gets for an answer.

mod alipay;
mod book;
mod desk;
pub mod keys;
mod wechat;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
};
use souk::{clock::Clock, config::Config};
use tokio::{net::TcpListener, sync::Semaphore};

pub use self::book::Outcome;
use self::{book::Book, desk::Desk};

/// Whom it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plays {
    WechatPay,
    Alipay,
}

/// What the next call gets instead of an honest answer. The deed is done all the same, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trick {
    /// An honest answer without a signature.
    Unsigned,
    /// Signed by a stranger.
    Forged,
    /// Another body than what was signed.
    Altered,
    /// Signed six minutes ago. (WeChat Pay)
    Stale,
    /// Signed by a key that nobody knows. (WeChat Pay)
    UnknownKey,
    /// An honest answer to another question.
    Strange,
    /// No answer until the caller gives up.
    Hangs,
    /// Half of the answer.
    Breaks,
    /// A megabyte.
    Floods,
    /// "Ask over there."
    Redirects,
    /// A failure, signed. Nothing is done.
    Fails,
    /// "Too often", signed. Nothing is done.
    TooOften,
    /// A failure of some proxy on the way. Nothing is done.
    FailsOnTheWay,
    /// A refusal with this code, signed. Nothing is done.
    Refuses(&'static str),
}

/// What is wrong with a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    Honest,
    /// Signed by a stranger.
    Signature,
    /// A letter of the body is another one than was signed.
    Altered,
    /// No signature.
    Unsigned,
    /// The provider's own test of whether anybody looks. (WeChat Pay)
    Probe,
    /// Signed by a key that nobody knows. (WeChat Pay)
    UnknownKey,
    /// Too old.
    Stale,
    /// From the future.
    Early,
    /// Sealed with another key. (WeChat Pay)
    Sealed,
    /// For another app.
    App,
    /// For another merchant.
    Merchant,
    /// Genuine, but of so many fen.
    Amount(i64),
}

/// A notice on its way.
#[derive(Clone, Debug)]
pub struct Letter {
    pub url: String,
    pub headers: HeaderMap,
    pub body: String,
}

/// What was answered to a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub status: StatusCode,
    pub body: String,
    /// The provider will not tell it again.
    pub acknowledged: bool,
}

/// A provider, until the test ends.
#[derive(Clone)]
pub struct Simulator {
    address: SocketAddr,
    desk: Arc<Desk>,
}

impl Simulator {
    pub async fn start(plays: Plays) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Desk {
            plays,
            book: Mutex::default(),
            gate: Semaphore::new(0),
        });
        let router = Router::new().fallback(desk::hear).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, desk }
    }

    /// The server shall pay here.
    pub fn set(&self, config: &mut Config) {
        let url = format!("http://{}", self.address);
        match self.desk.plays {
            Plays::WechatPay => wechat::set(config, url),
            Plays::Alipay => alipay::set(config, url + "/gateway.do"),
        }
    }

    /// From now on it has the time from there.
    pub fn follows(&self, clock: &Clock) {
        self.book(|book| book.clock = clock.clone());
    }

    /// Answers the next calls so, one each.
    pub fn plays_tricks(&self, tricks: impl IntoIterator<Item = Trick>) {
        self.book(|book| book.tricks.extend(tricks));
    }

    /// What becomes of the next refunds, one each; otherwise they succeed.
    pub fn refunds_become(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.book(|book| book.outcomes.extend(outcomes));
    }

    /// Somebody scans the code, and looks.
    pub fn scan(&self, number: &str) {
        self.book(|book| {
            let trade = book.trades.get_mut(number).expect("a charge");
            trade.begun |= !trade.closed;
        });
    }

    /// Somebody pays a charge; nobody is told. Says whether they could.
    pub fn pay(&self, number: &str) -> bool {
        self.book(|book| {
            let now = book.clock.now();
            let trade = book.trades.get_mut(number);
            let open = trade.filter(|trade| trade.paid_at.is_none() && !trade.closed);
            let paid = open.map(|trade| (trade.begun, trade.paid_at) = (true, Some(now)));
            paid.is_some()
        })
    }

    /// A refund goes on.
    pub fn settle(&self, refund_number: &str, outcome: Outcome) {
        self.book(|book| {
            let back = book.refunds.get_mut(refund_number).expect("a refund");
            back.outcome = outcome;
        });
    }

    /// What was asked, in order, honest or not.
    pub fn calls(&self) -> Vec<String> {
        self.book(|book| book.calls.clone())
    }

    /// What was wrong with it: signatures, for the most part.
    pub fn complaints(&self) -> Vec<String> {
        self.book(|book| book.complaints.clone())
    }

    /// Fen of a charge that was paid, less what was given back.
    pub fn kept(&self, number: &str) -> i64 {
        self.book(|book| {
            let trade = book.trades.get(number);
            let paid = trade.filter(|trade| trade.paid_at.is_some());
            let back = book
                .refunds
                .values()
                .filter(|back| back.trade == number && back.outcome == Outcome::Succeeded);
            paid.map_or(0, |trade| trade.fen) - back.map(|back| back.fen).sum::<i64>()
        })
    }

    /// When a charge expires, as the provider was told.
    pub fn expires_at(&self, number: &str) -> String {
        self.book(|book| book.trades[number].expires_at.clone())
    }

    /// The notice that a charge was paid.
    pub fn letter(&self, number: &str, lie: Lie) -> Letter {
        let (trade, now) = self.book(|book| (book.trades[number].clone(), book.clock.now()));
        match self.desk.plays {
            Plays::WechatPay => wechat::paid(&trade, lie, now),
            Plays::Alipay => alipay::paid(&trade, lie, now),
        }
    }

    /// The notice of a refund.
    pub fn refund_letter(&self, refund_number: &str) -> Letter {
        let (back, trade, sum, now) = self.book(|book| {
            let back = book.refunds[refund_number].clone();
            let trade = book.trades[&back.trade].clone();
            let of_it = book
                .refunds
                .values()
                .filter(|other| other.trade == back.trade);
            let sum = of_it.map(|back| back.fen).sum();
            (back, trade, sum, book.clock.now())
        });
        match self.desk.plays {
            Plays::WechatPay => wechat::refunded(&back, &trade, now),
            Plays::Alipay => alipay::refunded(&back, &trade, sum, now),
        }
    }

    /// Posts a notice to where it belongs.
    pub async fn tell(&self, letter: &Letter) -> Told {
        souk::tls::install_provider();
        let post = reqwest::Client::new()
            .post(&letter.url)
            .headers(letter.headers.clone())
            .body(letter.body.clone());
        let answer = post.send().await.expect("an answer");
        let status = answer.status();
        let body = answer.text().await.expect("text");
        let acknowledged = match self.desk.plays {
            Plays::WechatPay => status == 200 || status == 204,
            Plays::Alipay => body == "success",
        };
        Told {
            status,
            body,
            acknowledged,
        }
    }

    /// Somebody pays, and the notice goes out.
    pub async fn pay_and_tell(&self, number: &str) -> Told {
        assert!(self.pay(number), "{number} can be paid");
        self.tell(&self.letter(number, Lie::Honest)).await
    }

    fn book<T>(&self, with: impl FnOnce(&mut Book) -> T) -> T {
        with(&mut self.desk.book.lock().unwrap())
    }
}
