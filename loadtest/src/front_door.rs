//! People who come in the way everybody does: over REST, as customers of a shop that is registered for the run.
//!
//! It needs a server in the development profile, whose texts to phones can be read.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::people::{Circle, Person};

/// Requests under way at once.
const AT_ONCE: usize = 16;
/// People whom one request adds to a group.
const ADDED_AT_ONCE: usize = 500;
/// A merchant's; the account is for this run only.
const PASSWORD: &str = "l0ad-Test-1";

/// A server's REST interface, and the shop of this run.
pub struct FrontDoor {
    http: reqwest::Client,
    api: String,
    shop: OnceCell<Shop>,
}

/// A shop, its owner's token and the key that it signs for its customers with.
pub(crate) struct Shop {
    pub(crate) id: String,
    pub(crate) owner: String,
    key: String,
    secret: String,
}

impl fmt::Debug for FrontDoor {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "FrontDoor({})", self.api)
    }
}

impl FrontDoor {
    /// Of the server at `http://host:port`.
    pub fn of(url: &str) -> anyhow::Result<Self> {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30));
        Ok(Self {
            http: http.build()?,
            api: format!("{}/api/v1", url.trim_end_matches('/')),
            shop: OnceCell::new(),
        })
    }

    /// New customers of the shop.
    pub(crate) async fn people(&self, count: usize) -> anyhow::Result<Vec<Person>> {
        let shop = self.shop().await?;
        let visits = stream::iter(0..count).map(|_| self.visit(shop));
        visits.buffered(AT_ONCE).try_collect().await
    }

    /// Conversations of two: people who share a group may open them.
    pub(crate) async fn pairs(&self, people: &[Person]) -> anyhow::Result<Vec<Circle>> {
        self.group(people).await?;
        let pairs = stream::iter(people.chunks_exact(2)).map(|pair| self.pair(pair));
        pairs.buffered(AT_ONCE).try_collect().await
    }

    async fn pair(&self, people: &[Person]) -> anyhow::Result<Circle> {
        let other = json!({ "user_id": people[1].user });
        let opened = self
            .post("/conversations", &people[0].token, &other)
            .await?;
        circle(&opened, people)
    }

    /// A group of the shop.
    pub(crate) async fn group(&self, people: &[Person]) -> anyhow::Result<Circle> {
        let shop = self.shop().await?;
        let path = format!("/shops/{}/groups", shop.id);
        let made = self
            .post(&path, &shop.owner, &json!({ "name": "Load test" }))
            .await?;
        let id = text(&made, "id")?;
        for some in people.chunks(ADDED_AT_ONCE) {
            let ids: Vec<Uuid> = some.iter().map(|person| person.user).collect();
            let path = format!("/groups/{id}/members");
            self.post(&path, &shop.owner, &json!({ "user_ids": ids }))
                .await?;
        }
        let path = format!("/conversations/{id}");
        circle(&self.read(&path, &shop.owner).await?, people)
    }

    /// The shop of this run, registered when it is asked for first.
    pub(crate) async fn shop(&self) -> anyhow::Result<&Shop> {
        let opened = self.shop.get_or_try_init(|| self.open_shop());
        opened
            .await
            .context("registering a shop (the server must run with `--profile development`)")
    }

    async fn open_shop(&self) -> anyhow::Result<Shop> {
        let phone = format!("+86139{:08}", rand::random_range(0..100_000_000));
        let asked = json!({ "account": "merchant", "phone": phone, "purpose": "register" });
        let request = text(&self.post("/codes", "", &asked).await?, "request_id")?;
        let proof = json!({ "request_id": request, "code": self.code(&phone).await? });
        let form = json!({
            "phone": phone, "proof": proof, "password": PASSWORD, "shop_name": "Load test", "device_id": "loadtest",
        });
        let opened = self.post("/registrations/merchant", "", &form).await?;
        let (id, owner) = (
            text(&opened, "shop_id")?,
            text(&opened["session"], "access_token")?,
        );
        let path = format!("/shops/{id}/embed-keys");
        let made = self.post(&path, &owner, &json!({})).await?;
        let (key, secret) = (text(&made, "id")?, text(&made, "secret")?);
        Ok(Shop {
            id,
            owner,
            key,
            secret,
        })
    }

    /// The code that came to a phone.
    async fn code(&self, phone: &str) -> anyhow::Result<String> {
        let path = format!("/dev/outbox?phone={}", phone.replace('+', "%2B"));
        let sent = self.read(&path, "").await?;
        let text = text(&sent["messages"][0], "text")?;
        let mut runs = text.split(|letter: char| !letter.is_ascii_digit());
        let code = runs.find(|run| run.len() == 6);
        Ok(code.context("the newest text has a code")?.to_owned())
    }

    /// The shop's own site logs a user of its in.
    async fn visit(&self, shop: &Shop) -> anyhow::Result<Person> {
        let token = shop.word_for(&Uuid::new_v4().to_string())?;
        let answer = self
            .post("/embed/sessions", "", &json!({ "token": token }))
            .await?;
        Ok(Person {
            user: text(&answer["user"], "id")?.parse()?,
            token: text(&answer, "access_token")?,
        })
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let key = Uuid::new_v4().to_string();
        self.post_once(path, token, body, &key).await
    }

    /// The same with a key of the caller's, who may ask again.
    pub(crate) async fn post_once(
        &self,
        path: &str,
        token: &str,
        body: &Value,
        key: &str,
    ) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}{path}", self.api)).json(body);
        answer(request.header("Idempotency-Key", key), token).await
    }

    pub(crate) async fn patch(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let request = self.http.patch(format!("{}{path}", self.api));
        answer(request.json(body), token).await
    }

    pub(crate) async fn put(&self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.put(format!("{}{path}", self.api));
        answer(request.json(body), token).await
    }

    /// Uploads a picture; gives its id.
    pub(crate) async fn upload(
        &self,
        token: &str,
        picture: &'static [u8],
    ) -> anyhow::Result<String> {
        let part = Part::bytes(picture).file_name("goods.png");
        let request = self.http.post(format!("{}/files", self.api));
        let kept = answer(request.multipart(Form::new().part("file", part)), token).await?;
        text(&kept, "file_id")
    }

    pub(crate) async fn read(&self, path: &str, token: &str) -> anyhow::Result<Value> {
        answer(self.http.get(format!("{}{path}", self.api)), token).await
    }
}

impl Shop {
    /// A JWT that says who is visiting.
    fn word_for(&self, subject: &str) -> anyhow::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": self.key });
        let claims = json!({
            "iss": self.id, "aud": "souk", "sub": subject, "name": "Loader", "iat": now, "exp": now + 300,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())?;
        mac.update(message.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        Ok(format!("{message}.{signature}"))
    }
}

/// The server is busy: the same may be asked again, with the same key.
#[derive(Debug, thiserror::Error)]
#[error("busy: {0}")]
pub(crate) struct Busy(String);

async fn answer(request: reqwest::RequestBuilder, token: &str) -> anyhow::Result<Value> {
    let request = match token {
        "" => request,
        token => request.bearer_auth(token),
    };
    let response = request.send().await?;
    let (status, address) = (response.status(), response.url().path().to_owned());
    let body = response.text().await?;
    if [
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::TOO_MANY_REQUESTS,
    ]
    .contains(&status)
    {
        return Err(Busy(body).into());
    }
    ensure!(status.is_success(), "{address} answered {status}: {body}");
    serde_json::from_str(&body).with_context(|| format!("{address} answered no JSON"))
}

/// A field of an answer.
pub(crate) fn text(value: &Value, field: &str) -> anyhow::Result<String> {
    let found = value[field].as_str();
    Ok(found
        .with_context(|| format!("`{field}` is missing in an answer"))?
        .to_owned())
}

/// A conversation as REST shows it, with its people.
fn circle(conversation: &Value, people: &[Person]) -> anyhow::Result<Circle> {
    let number = &conversation["head"]["number"];
    Ok(Circle {
        conversation: text(conversation, "id")?.parse()?,
        people: people.to_vec(),
        said: number.as_u64().context("`head.number` is missing")?,
    })
}
