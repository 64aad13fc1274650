//! Result → status and body. A refusal is an RFC 9457 problem with the same code as on the socket.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use proto::json::Word as _;
use serde::Serialize;

use crate::error::{Error, Refusal, meaning};

/// What a route returns: JSON, or a problem.
pub type Answer<T> = std::result::Result<Json<T>, Problem>;

/// What a POST returns that creates something: 201 and JSON, or a problem. Its route says so in the OpenAPI document, and
/// by that wants an `Idempotency-Key` (`http/once.rs`).
pub type Created<T> = std::result::Result<(StatusCode, Json<T>), Problem>;

/// The answer of what created `thing`.
pub fn created<T>(thing: T) -> (StatusCode, Json<T>) {
    (StatusCode::CREATED, Json(thing))
}

/// A refusal or failure on its way to a browser.
#[derive(Debug)]
pub struct Problem(pub Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The body of a problem (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `urn:souk:refusal:` and the code.
    r#type: String,
    /// The sentence of the code, always the same.
    title: &'static str,
    status: u16,
    /// What is wrong this time.
    detail: String,
    /// The refusal's code, as on the socket.
    #[schema(value_type = Refusal)]
    code: String,
    /// The argument that is wrong; empty if none is.
    field: String,
    /// Milliseconds after which trying again is worth it; 0: not by waiting.
    retry_after_ms: u64,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if let Error::Broken(error) = &self.0 {
            tracing::error!(error = format!("{error:#}"), "a request failed");
        }
        let refused = self.0.to_refused();
        let (status, title) = meaning(refused.code());
        let body = ProblemBody {
            r#type: format!("urn:souk:refusal:{}", refused.code().word()),
            title,
            status: status.as_u16(),
            detail: refused.sentence,
            code: Refusal::try_from(refused.code).unwrap_or_default().word(),
            field: refused.field,
            retry_after_ms: refused.retry_after_ms,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if refused.retry_after_ms > 0 {
            headers.insert(
                header::RETRY_AFTER,
                refused.retry_after_ms.div_ceil(1_000).into(),
            );
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
