//! REST, as a client that is not on the line: `server.rest().by(&ann).patch("/me", json!({…})).await.ok()`.

use reqwest::{Client, Method};
use serde_json::Value;
use uuid::Uuid;

use super::{Person, TestServer};

/// Somebody who asks over HTTP. Cheap to clone.
#[derive(Clone)]
pub struct Rest {
    client: Client,
    base: String,
    token: Option<String>,
}

/// What came back: a status, and JSON (null if the body was empty or something else).
#[derive(Clone, Debug)]
pub struct Said {
    pub status: u16,
    pub body: Value,
}

impl TestServer {
    /// Asks over HTTP, as nobody.
    pub fn rest(&self) -> Rest {
        Rest {
            client: self.browser(),
            base: self.url(""),
            token: None,
        }
    }
}

impl Rest {
    /// The same, as a person.
    pub fn by(&self, person: &Person) -> Self {
        self.with_token(&person.token)
    }

    /// The same, with an access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// `GET /api/v1…`
    pub async fn get(&self, path: &str) -> Said {
        self.ask(Method::GET, path, None, None).await
    }

    /// `POST /api/v1…` with an idempotency key of its own.
    pub async fn post(&self, path: &str, body: Value) -> Said {
        let key = Uuid::new_v4().to_string();
        self.post_as(&key, path, body).await
    }

    /// `POST /api/v1…` with this idempotency key; none if it is empty.
    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> Said {
        self.ask(Method::POST, path, Some(key), Some(body)).await
    }

    /// `PATCH /api/v1…`
    pub async fn patch(&self, path: &str, body: Value) -> Said {
        self.ask(Method::PATCH, path, None, Some(body)).await
    }

    /// `PUT /api/v1…`
    pub async fn put(&self, path: &str, body: Value) -> Said {
        self.ask(Method::PUT, path, None, Some(body)).await
    }

    /// `DELETE /api/v1…`
    pub async fn delete(&self, path: &str) -> Said {
        self.ask(Method::DELETE, path, None, None).await
    }

    /// Any method; a null body is none. POSTs carry a key.
    pub async fn send(&self, method: Method, path: &str, body: Value) -> Said {
        let key = Uuid::new_v4().to_string();
        let key = (method == Method::POST).then_some(&*key);
        self.ask(method, path, key, Some(body).filter(|body| !body.is_null()))
            .await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Said {
        let url = format!("{}/api/v1{path}", self.base);
        let mut request = self.client.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("a whole answer");
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Said { status, body }
    }
}

impl Said {
    /// The body of a request that was done.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "expected success, got {self:?}"
        );
        self.body
    }

    /// The code of a refusal, e.g. `not_found`.
    #[track_caller]
    pub fn refused(&self) -> &str {
        assert!(self.status >= 400, "expected a refusal, got {self:?}");
        self.body["code"]
            .as_str()
            .unwrap_or_else(|| panic!("a problem has a code: {self:?}"))
    }
}
