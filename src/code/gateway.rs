//! The way to phones and mailboxes: the operator's gateway, called by HTTP and signed like a webhook; or, in the
//! development profile, a page. What goes this way is secret and short-lived, so it is kept and logged nowhere.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use reqwest::{Client, StatusCode, header, redirect::Policy};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::{Host, Url};
use uuid::Uuid;

use super::contact::Contact;
use crate::{
    clock::Clock,
    config::Config,
    error::{Error, Reason, Refusal, Result, refused_until},
    sign::{Secret, Signer},
};

/// Pauses before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];
/// Texts that may be on their way to one gateway.
const UNDER_WAY: usize = 64;
/// A gateway that failed so many texts in a row is left alone for [`REST`].
const PATIENCE: u32 = 3;
const REST: SignedDuration = SignedDuration::from_secs(30);

/// How texts reach phones, and how they reach mailboxes. Cheap to clone.
#[derive(Clone)]
pub struct Ways {
    sms: Way,
    email: Way,
}

/// How texts reach one kind of contact.
#[derive(Clone)]
pub enum Way {
    /// By a call to the operator's gateway.
    Gateway(Arc<Gateway>),
    /// Not at all: they are kept for the page of the development profile.
    Page,
    /// Not at all.
    Nowhere,
}

/// A gateway, and how it has been doing.
pub struct Gateway {
    channel: &'static str,
    url: Url,
    signer: Signer,
    client: Client,
    room: Arc<Semaphore>,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    in_a_row: u32,
    rests_until: Timestamp,
}

/// A code on its way to a person, as the gateway gets it.
#[derive(Serialize)]
pub struct Letter {
    /// Its own name: the same at every try.
    #[serde(skip)]
    pub id: Uuid,
    /// `sms` or `email`.
    pub channel: &'static str,
    /// The phone number or address.
    pub to: String,
    /// All the words, for gateways that send them as they are.
    pub text: String,
    /// The six digits, for those that have words of their own.
    pub code: String,
    /// How long they are good.
    pub minutes: i64,
    /// `register`, `log_in` or `set_password`.
    pub purpose: &'static str,
}

/// Why a try failed. Says nothing about the person.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the gateway said {0}")]
    Said(StatusCode),
    #[error("the gateway did not answer in time")]
    Late,
    #[error("the gateway cannot be reached")]
    Unreachable,
}

impl Fault {
    /// Would it go wrong again? Then the text is at fault or the settings are, not the gateway's health.
    fn lasts(&self) -> bool {
        let passing = [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_EARLY,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        matches!(self, Self::Said(status) if !status.is_server_error() && !passing.contains(status))
    }
}

impl Ways {
    /// As the settings say. Fails on addresses and secrets that are none, and on plain `http` in production.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let (sms, email) = (&config.sms, &config.email);
        let sms = (&sms.gateway_url[..], &sms.gateway_secret[..], sms.call_ms);
        let email = (
            &email.gateway_url[..],
            &email.gateway_secret[..],
            email.call_ms,
        );
        let development = config.development();
        Ok(Self {
            sms: Way::open("sms", sms, development).context("sms.gateway_…")?,
            email: Way::open("email", email, development).context("email.gateway_…")?,
        })
    }

    /// The way to a contact.
    pub fn to(&self, contact: &Contact) -> &Way {
        match contact {
            Contact::Phone(_) => &self.sms,
            Contact::Email(_) => &self.email,
        }
    }
}

impl Way {
    fn open(
        channel: &'static str,
        (url, secret, call_ms): (&str, &str, u64),
        development: bool,
    ) -> anyhow::Result<Self> {
        if !url.is_empty() {
            let url = Url::parse(url).context("the address is no URL")?;
            ensure!(
                url.scheme() == "https"
                    || url.scheme() == "http" && (development || is_loopback(&url)),
                "codes go to a gateway by https, or to this machine by http"
            );
            let secret = Secret::parse(secret).context("`whsec_` and base64 of 24 to 64 bytes")?;
            let gateway = Gateway::new(channel, url, secret, Duration::from_millis(call_ms))?;
            return Ok(Self::Gateway(Arc::new(gateway)));
        }
        if development {
            return Ok(Self::Page);
        }
        tracing::warn!(channel, "codes cannot be sent this way: no gateway is set");
        Ok(Self::Nowhere)
    }

    /// A place on this way, which is the same for those who will get a text and for strangers who will not. Refuses with
    /// `unavailable` where there is no gateway or it does nothing but fail, with `overloaded` where too much is under way.
    pub fn place(&self, now: Timestamp) -> Result<Option<OwnedSemaphorePermit>> {
        match self {
            Self::Gateway(gateway) => gateway.place(now).map(Some),
            Self::Page => Ok(None),
            Self::Nowhere => Err(Error::Refused(Box::new(Reason {
                code: Refusal::Unavailable,
                field: String::new(),
                sentence: Some("This server cannot send codes this way.".to_owned()),
                retry_after: None,
            }))),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Gateway {
    fn new(
        channel: &'static str,
        url: Url,
        secret: Secret,
        limit: Duration,
    ) -> anyhow::Result<Self> {
        crate::tls::install_provider();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(limit)
            .user_agent(concat!("souk/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            channel,
            url,
            signer: Signer::new(secret, None),
            client,
            room: Arc::new(Semaphore::new(UNDER_WAY)),
            failures: Mutex::default(),
        })
    }

    fn place(&self, now: Timestamp) -> Result<OwnedSemaphorePermit> {
        let rests_until = self.failures.lock().rests_until;
        if now < rests_until {
            let rest = rests_until.duration_since(now);
            return Err(refused_until(Refusal::Unavailable, rest.unsigned_abs()));
        }
        let room = self.room.clone().try_acquire_owned();
        room.map_err(|_| refused_until(Refusal::Overloaded, Duration::from_secs(1)))
    }

    /// Sends a text, in up to three tries. Refuses with `unavailable`.
    pub async fn send(&self, clock: &Clock, letter: &Letter) -> Result<()> {
        let sent = self.try_to_send(clock, letter).await;
        let outcome = if sent.is_ok() { "sent" } else { "failed" };
        metrics::counter!("souk_codes", "channel" => self.channel, "outcome" => outcome)
            .increment(1);
        self.learn(&sent, clock.now());
        sent.map_err(|fault| {
            tracing::warn!(channel = self.channel, request = %letter.id, %fault, "a code could not be sent");
            Refusal::Unavailable.into()
        })
    }

    async fn try_to_send(&self, clock: &Clock, letter: &Letter) -> Result<(), Fault> {
        let body = serde_json::to_vec(letter).expect("a letter is plain JSON");
        for pause in PAUSES {
            match self.call(clock, letter.id, body.clone()).await {
                Err(fault) if !fault.lasts() => tokio::time::sleep(pause).await,
                settled => return settled,
            }
        }
        self.call(clock, letter.id, body).await
    }

    async fn call(&self, clock: &Clock, id: Uuid, body: Vec<u8>) -> Result<(), Fault> {
        let stamp = self.signer.stamp(id, clock.now(), &body);
        let mut request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in stamp.headers() {
            request = request.header(name, value);
        }
        match request.body(body).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(Fault::Said(answer.status())),
            Err(error) if error.is_timeout() => Err(Fault::Late),
            Err(_) => Err(Fault::Unreachable),
        }
    }

    /// Counts failures in a row; a gateway that has too many rests.
    fn learn(&self, sent: &Result<(), Fault>, now: Timestamp) {
        let mut failures = self.failures.lock();
        match sent {
            Ok(()) => *failures = Failures::default(),
            Err(fault) if fault.lasts() => {}
            Err(_) => {
                failures.in_a_row += 1;
                if failures.in_a_row >= PATIENCE {
                    failures.rests_until = now + REST;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Profile;

    fn open(url: &str, secret: &str, profile: Profile) -> anyhow::Result<Ways> {
        let mut config = Config::default();
        config.server.profile = profile;
        config.sms.gateway_url = url.to_owned();
        config.sms.gateway_secret = secret.to_owned();
        Ways::open(&config)
    }

    /// ACC-03: a gateway that would be told codes in the clear, or that could not know us, is no gateway.
    #[test]
    fn a_gateway_has_a_safe_address_and_a_secret() {
        const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        for (url, secret, safe) in [
            ("https://sms.example.com/send", SECRET, true),
            ("http://127.0.0.1:9000/", SECRET, true),
            ("http://[::1]:9000/", SECRET, true),
            ("http://sms.example.com/send", SECRET, false),
            ("ftp://127.0.0.1/", SECRET, false),
            ("sms.example.com", SECRET, false),
            ("https://sms.example.com/send", "", false),
            ("https://sms.example.com/send", "secret", false),
        ] {
            let opened = open(url, secret, Profile::Production);
            assert_eq!(opened.is_ok(), safe, "{url} {secret}");
        }
        assert!(open("http://sms.test/", SECRET, Profile::Development).is_ok());
    }
}
