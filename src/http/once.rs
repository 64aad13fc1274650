//! `Idempotency-Key`: the same request with the same key is executed once and answered alike for 24 hours.
//!
//! Only answers of success are kept: what was refused did not happen, so a corrected request may use its key again. An
//! answer may hold tokens; it is kept sealed with the key and the request, which the database does not have.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Extension, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    reply::Problem,
    router::{BODY_BYTES, creates},
};
use crate::{
    account::session::user_of_token,
    app::App,
    door::client::ClientAddress,
    error::{Refusal, Result, refused_argument, refused_until},
    store::once::{self, Claimed, Execution},
};

/// Executes once what `creates` something; passes everything else on.
pub async fn once(
    State(app): State<App>,
    path: MatchedPath,
    address: Extension<ClientAddress>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST || !creates(path.as_str()) {
        return next.run(request).await;
    }
    match execute(&app, path.as_str(), address.0, request, next).await {
        Ok(response) => response,
        Err(error) => Problem(error).into_response(),
    }
}

async fn execute(
    app: &App,
    route: &str,
    address: ClientAddress,
    request: Request,
    next: Next,
) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let key = key(&parts.headers)?.to_owned();
    let body = to_bytes(body, BODY_BYTES).await;
    let body = body.map_err(|_| Refusal::TooLarge)?;
    let seal = Seal::new(&key, &parts.uri, &body);
    let execution = Execution {
        id: Uuid::new_v4(),
        principal: principal(app, &parts.headers, address, route).await?,
        route: route.to_owned(),
        key: Sha256::digest(&key).into(),
    };
    let fingerprint = fingerprint(&parts.uri, &body);
    match once::claim(app.store.pool(), &execution, &fingerprint, app.clock.now()).await? {
        Claimed::Ours => {
            let request = Request::from_parts(parts, Body::from(body));
            let response = once::run(execution.clone(), next.run(request)).await;
            settle(app, &execution, &seal, response).await
        }
        Claimed::Answered(status, body) => Ok(replay(status, seal.apply(&body))),
        Claimed::UnderWay => Err(refused_until(
            Refusal::Conflict,
            std::time::Duration::from_secs(1),
        )),
        Claimed::AnswerLost => Err(Refusal::OutcomeUnknown.into()),
        Claimed::OtherRequest => Err(Refusal::IdempotencyKeyReused.into()),
    }
}

/// Keeps the answer, or gives the key back.
async fn settle(
    app: &App,
    execution: &Execution,
    seal: &Seal,
    response: Response,
) -> Result<Response> {
    if !response.status().is_success() {
        once::give_back(app.store.pool(), execution).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|error| anyhow::anyhow!(error))?;
    let sealed = seal.apply(&body);
    let kept = once::answered(app.store.pool(), execution, parts.status.as_u16(), &sealed).await;
    if let Err(error) = kept {
        tracing::warn!(%error, "an answer could not be kept; a retry will hear `outcome_unknown`");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(status: u16, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status.try_into().unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

fn key(headers: &HeaderMap) -> Result<&str> {
    let key = headers
        .get("idempotency-key")
        .ok_or(Refusal::IdempotencyKeyMissing)?;
    let key = key.to_str().unwrap_or_default();
    if (1..=255).contains(&key.len()) {
        Ok(key)
    } else {
        Err(refused_argument(
            "Idempotency-Key",
            "has 1 to 255 ASCII characters",
        ))
    }
}

/// Whose key it is: the user's, however often their token changes; of strangers, their address's.
async fn principal(
    app: &App,
    headers: &HeaderMap,
    address: ClientAddress,
    route: &str,
) -> Result<Uuid> {
    let sent = headers.get(header::AUTHORIZATION);
    let sent = sent.and_then(|value| value.to_str().ok()).unwrap_or("");
    if let Some(token) = sent.strip_prefix("Bearer ")
        && let Some(user) = user_of_token(app, token.trim()).await?
    {
        return Ok(user.0);
    }
    let stranger = format!("{} {route} {sent}", address.0);
    let hash: [u8; 32] = Sha256::digest(stranger).into();
    Ok(Uuid::from_slice(&hash[..16]).unwrap_or_default())
}

fn fingerprint(uri: &Uri, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(uri.path());
    hash.update([0]);
    hash.update(body);
    hash.finalize().into()
}

/// A keystream from the key and the request, neither of which is stored: HMAC-SHA256 in counter mode, each used for one
/// answer only. It hides; that nobody changes the row is the database's part.
struct Seal(Hmac<Sha256>);

impl Seal {
    fn new(key: &str, uri: &Uri, body: &Bytes) -> Self {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(&fingerprint_secret(uri, body));
        Self(mac)
    }

    /// Seals, or unseals.
    fn apply(&self, data: &[u8]) -> Vec<u8> {
        let blocks = data.chunks(32).zip(0_u64..);
        blocks
            .flat_map(|(block, number)| {
                let mut mac = self.0.clone();
                mac.update(&number.to_le_bytes());
                let stream: [u8; 32] = mac.finalize().into_bytes().into();
                block
                    .iter()
                    .zip(stream)
                    .map(|(byte, hidden)| byte ^ hidden)
                    .collect::<Vec<u8>>()
            })
            .collect()
    }
}

/// Not the stored fingerprint: whoever has the database must not have this.
fn fingerprint_secret(uri: &Uri, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update("seal");
    hash.update(fingerprint(uri, body));
    hash.update(body);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_answer_opens_with_the_same_key_and_request_only() {
        let seal = |key: &str, path: &str, body: &'static str| {
            Seal::new(key, &path.parse().unwrap(), &Bytes::from(body))
        };
        let answer = "x".repeat(100);
        let sealed = seal("k", "/a", "{}").apply(answer.as_bytes());
        assert_ne!(sealed[..32], sealed[32..64], "no block repeats");
        assert_eq!(seal("k", "/a", "{}").apply(&sealed), answer.as_bytes());
        for other in [
            seal("l", "/a", "{}"),
            seal("k", "/b", "{}"),
            seal("k", "/a", "[]"),
        ] {
            assert_ne!(other.apply(&sealed), answer.as_bytes());
        }
    }
}
