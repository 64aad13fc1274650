//! A request's JSON body as an extractor that refuses with a problem.

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
};
use serde::de::DeserializeOwned;

use super::reply::Problem;
use crate::error::{Error, Reason, Refusal};

/// A body that was read. Refuses with `malformed_frame` (not JSON), `invalid_argument` (other JSON),
/// `unsupported_media_type`, `too_large`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Json::from_request(request, state).await;
        let Json(body) = read.map_err(|rejection| refusal(&rejection))?;
        Ok(Self(body))
    }
}

fn refusal(rejection: &JsonRejection) -> Error {
    let code = match rejection {
        JsonRejection::JsonDataError(_) => Refusal::InvalidArgument,
        JsonRejection::MissingJsonContentType(_) => Refusal::UnsupportedMediaType,
        other if other.status() == http::StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::MalformedFrame,
    };
    Error::Refused(Box::new(Reason {
        code,
        field: String::new(),
        sentence: Some(rejection.body_text()),
        retry_after: None,
    }))
}
