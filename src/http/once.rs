//! `Idempotency-Key`: the same request with the same key is executed once and answered alike for 24 hours.
//!
//! Only what was done is kept, in the transaction that did it: what was refused did not happen and costs no write, so a
//! corrected request may use its key again. An answer may hold tokens; it is kept sealed with the key and the request,
//! which the database does not have.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Extension, FromRequest as _, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{reply::Problem, router::creates, turn::Caller};
use crate::{
    app::App,
    door::client::ClientAddress,
    error::{Refusal, Result, refused_argument, refused_until},
    store::once::{self, Execution, First},
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
    let key = key(request.headers())?.to_owned();
    let (request, body) = whole(request).await?;
    let seal = Seal::new(&key, request.uri(), &body);
    let execution = Execution::new(
        principal(&request, address, route),
        route,
        Sha256::digest(&key).into(),
        fingerprint(request.uri(), &body),
        app.clock.now(),
    );
    if let Some(first) = once::look(app.store.pool(), &execution).await? {
        return again(first, &seal);
    }
    let response = once::run(execution.clone(), next.run(request)).await;
    let refused = !response.status().is_success();
    if refused && !execution.committed() {
        // Somebody with the same key may have been faster: then that is why.
        return match once::look(app.store.pool(), &execution).await? {
            Some(first) => again(first, &seal),
            None => Ok(response),
        };
    }
    if response.status().is_server_error() {
        return Ok(response);
    }
    keep(app, &execution, &seal, response).await
}

/// The request with its whole body, and the body. Refuses with `too_large`, and with `malformed_frame` what never came.
async fn whole(request: Request) -> Result<(Request, Bytes)> {
    let (parts, body) = request.into_parts();
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::MalformedFrame,
    })?;
    let request = Request::from_parts(parts, Body::from(body.clone()));
    Ok((request, body))
}

/// What somebody hears whose request was executed before, or is just being.
fn again(first: First, seal: &Seal) -> Result<Response> {
    match first {
        First::Answered(status, body) => Ok(replay(status, seal.apply(&body))),
        First::UnderWay => Err(refused_until(
            Refusal::Conflict,
            std::time::Duration::from_secs(1),
        )),
        First::AnswerLost => Err(Refusal::OutcomeUnknown.into()),
        First::OtherRequest => Err(Refusal::IdempotencyKeyReused.into()),
    }
}

/// Keeps the answer. A refusal is kept, too, if it came after something was done, such as `join_pending`.
async fn keep(
    app: &App,
    execution: &Execution,
    seal: &Seal,
    response: Response,
) -> Result<Response> {
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
    let refused = !response.status().is_success();
    let media_type = if refused {
        "application/problem+json"
    } else {
        "application/json"
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
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
fn principal(request: &Request, address: ClientAddress, route: &str) -> Uuid {
    let caller = request.extensions().get::<Caller>();
    if let Some(user) = caller.and_then(Caller::user) {
        return user.0;
    }
    let sent = request.headers().get(header::AUTHORIZATION);
    let sent = sent.and_then(|value| value.to_str().ok()).unwrap_or("");
    let stranger = format!("{} {route} {sent}", address.0);
    let hash: [u8; 32] = Sha256::digest(stranger).into();
    Uuid::from_slice(&hash[..16]).unwrap_or_default()
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
