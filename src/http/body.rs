//! What a request brings along, with refusals that look like all others.

use axum::{
    extract::{
        FromRequest, FromRequestParts,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use serde::Deserialize;

use super::reply::Problem;
use crate::error::{Error, Refusal, refused_argument};

/// A JSON body. Refuses with `too_large`, `unsupported_media_type`, `malformed_frame`, and with `invalid_argument` what
/// is JSON but not of this shape.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Body<T>(pub T);

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
