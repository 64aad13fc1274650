//! What a request brings along, with refusals that look like all others.

use axum::{
    Json,
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::reply::Problem;
use crate::error::{Error, Refusal, refused_argument};

/// A JSON body. Refuses with `too_large`, `unsupported_media_type`, `malformed_frame`, and with `invalid_argument` what
/// is JSON but not of this shape.
/// No text in it has a NUL: the database takes none, and nobody means it.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let whole = Bytes::from_request(whole, state)
            .await
            .map_err(|rejection| Error::from(JsonRejection::BytesRejection(rejection)))?;
        if has_nul(&whole) {
            return Err(refused_argument("body", "has a NUL in it").into());
        }
        let request = Request::from_parts(parts, whole.into());
        let Json(read) = Json::from_request(request, state)
            .await
            .map_err(Error::from)?;
        Ok(Self(read))
    }
}

/// Whether JSON has a NUL in one of its texts: it is written as `\u0000`, behind a backslash that is not one of a pair.
fn has_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = &rest[at + 1..];
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

/// What the path names. An id that is not one names nothing: `not_found`.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Named<T>(pub T);

/// What comes after the question mark. Refuses with `invalid_argument`.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Asked<T>(pub T);

/// Which page of a list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct PageOf {
    /// `next_cursor` of the page before; empty: the first page.
    pub cursor: String,
    /// How many at most; 0: as many as is usual.
    pub limit: u32,
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::JsonDataError(error) => refused_argument("body", &error.body_text()),
            JsonRejection::MissingJsonContentType(_) => Refusal::UnsupportedMediaType.into(),
            other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge.into(),
            _ => Refusal::MalformedFrame.into(),
        }
    }
}

impl From<PathRejection> for Error {
    fn from(_: PathRejection) -> Self {
        Refusal::NotFound.into()
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        refused_argument("query", &rejection.body_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_and_what_only_looks_like_one_is_not() {
        for json in [r#"{"a":"\u0000"}"#, r#"["\\\u0000"]"#, r#"["\n\u0000""#] {
            assert!(has_nul(json.as_bytes()), "{json}");
        }
        for json in [r#"{"a":"\\u0000"}"#, r#"["u0000"]"#, r#"["\u0001"]"#, "\\"] {
            assert!(!has_nul(json.as_bytes()), "{json}");
        }
    }
}
