//! How they come in and ask over REST.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tls;

/// The device that all of them come on.
const DEVICE: &str = "souk-demo-visitors";

/// The rules say no.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {sentence}")]
pub(super) struct Refused {
    code: String,
    sentence: String,
}

impl Refused {
    /// As a socket says it.
    pub(super) fn of(refused: &proto::Refused) -> Self {
        let code = refused.code().as_str_name().trim_start_matches("REFUSAL_");
        Self {
            code: code.to_lowercase(),
            sentence: refused.sentence.clone(),
        }
    }
}

/// A server's REST interface. Cheap to clone.
#[derive(Clone)]
pub(super) struct Door {
    http: Client,
    url: String,
    token: String,
}

impl Door {
    /// Of the server at `http://host:port`.
    pub(super) fn of(url: &str) -> anyhow::Result<Self> {
        ensure!(
            url.starts_with("http://"),
            "{url} does not begin with http://: visitors come to a server on one's own machine"
        );
        tls::install_provider();
        let http = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30));
        Ok(Self {
            http: http.build()?,
            url: url.trim_end_matches('/').to_owned(),
            token: String::new(),
        })
    }

    /// Where sockets are opened.
    pub(super) fn socket(&self) -> String {
        format!("{}/socket", self.url.replacen("http", "ws", 1))
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Only there the codes that would have gone to phones can be read, and money is play money.
    pub(super) async fn require_development(&self) -> anyhow::Result<()> {
        let url = format!("{}/api/v1/dev/outbox", self.url);
        let answer = self.http.get(&url).send().await;
        let answer = answer.with_context(|| format!("there is no server at {}", self.url))?;
        ensure!(
            answer.status() != StatusCode::NOT_FOUND,
            "{} is not in the development profile: simulated customers only come to a server that is tried out \
             (`./dev run`, or `souk serve --profile development --demo`)",
            self.url
        );
        Ok(())
    }

    /// Logs in by a code that is read on the development page. Gives the door for them, and their refresh token.
    pub(super) async fn log_in(&self, phone: &str) -> anyhow::Result<(Self, String)> {
        let wish = json!({ "account": "customer", "phone": phone, "purpose": "log_in" });
        let asked = self.post("/codes", wish).await?;
        let sent = self
            .get(&format!("/dev/outbox?phone={}", phone.replace('+', "%2B")))
            .await?;
        let text = sent["messages"][0]["text"].as_str();
        let Some(code) = text.and_then(digits) else {
            bail!(
                "nobody of the phone {phone} is known: start the server with --demo, on an empty database"
            )
        };
        let proof = json!({ "request_id": asked["request_id"], "code": code });
        let form = json!({
            "account": "customer", "phone": phone, "proof": proof, "device_id": DEVICE, "device_kind": "script",
        });
        self.with_tokens(&self.post("/sessions", form).await?)
    }

    /// The same person, with new tokens.
    pub(super) async fn refreshed(&self, refresh_token: &str) -> anyhow::Result<(Self, String)> {
        let form = json!({ "refresh_token": refresh_token });
        self.with_tokens(&self.post("/sessions/refresh", form).await?)
    }

    fn with_tokens(&self, tokens: &Value) -> anyhow::Result<(Self, String)> {
        let word = |name: &str| {
            let token = tokens[name].as_str().map(str::to_owned);
            token.with_context(|| format!("no {name}"))
        };
        let token = word("access_token")?;
        Ok((
            Self {
                token,
                ..self.clone()
            },
            word("refresh_token")?,
        ))
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.ask(Method::PUT, path, Some(body)).await
    }

    /// Fails with [`Refused`] when the rules say no.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let url = format!("{}/api/v1{path}", self.url);
        let mut request = self.http.request(method, url);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request
                .header("Idempotency-Key", Uuid::now_v7().to_string())
                .json(&body);
        }
        let answer = request.send().await?;
        let (good, bytes) = (answer.status().is_success(), answer.bytes().await?);
        if bytes.is_empty() && good {
            return Ok(Value::Null);
        }
        let said: Value = serde_json::from_slice(&bytes).context("an answer that is no JSON")?;
        if good {
            return Ok(said);
        }
        let word = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let (code, sentence) = (word("code"), word("title"));
        Err(Refused { code, sentence }.into())
    }
}

/// The six digits of a code in its text.
fn digits(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .find(|run| run.len() == 6)
}
