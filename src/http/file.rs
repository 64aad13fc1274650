//! Files over REST.

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::time::timeout;

use super::{
    at::OfFile,
    body::Named,
    form::Form,
    reply::{Answer, Problem, ProblemBody},
};
use crate::{
    actor::Actor,
    app::App,
    conversation::fetch::fetch,
    door::client::ClientAddress,
    error::Result,
    id::FileId,
    media::{
        File,
        shelf::{Fetched, GetRange},
        upload,
    },
};

/// How long the rest of a refused upload is read.
const LINGER: Duration = Duration::from_secs(5);

/// An uploaded file: name its id in `send_message`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Uploaded {
    file_id: FileId,
    /// `picture`, `voice` (any sound) or `file`, by content.
    kind: String,
    name: String,
    media_type: String,
    /// Bytes, as kept.
    size: i64,
    /// Pixels; pictures only.
    width: Option<i32>,
    /// Pixels; pictures only.
    height: Option<i32>,
    thumbnail_id: Option<FileId>,
}

impl From<File> for Uploaded {
    fn from(file: File) -> Self {
        Self {
            file_id: file.id,
            kind: file.kind,
            name: file.name,
            media_type: file.media_type,
            size: file.size,
            width: file.width,
            height: file.height,
            thumbnail_id: file.thumbnail,
        }
    }
}

/// The form of an upload.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
struct UploadForm {
    /// The file with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Upload a file.
#[utoipa::path(post, path = "/files", tag = "files", security(("token" = [])),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Uploaded), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 503, body = ProblemBody),
        (status = 507, body = ProblemBody)))]
pub async fn add(
    State(app): State<App>,
    actor: Actor,
    Extension(from): Extension<ClientAddress>,
    request: Request,
) -> Answer<Uploaded> {
    let upload = match upload::begin(&app, &actor, from.0, declared(&request)).await {
        Ok(upload) => upload,
        Err(refused) => {
            app.tasks.spawn(pass_over(request));
            return Err(refused.into());
        }
    };
    let within = Duration::from_secs(app.config.limits.upload_seconds);
    let mut form = Form::new(request, within).await?;
    let (name, body) = form.file().await?;
    let file = upload.take(&app, &actor, &name, Box::pin(body)).await?;
    Ok(Json(file.into()))
}

/// The length that a request says it has.
fn declared(request: &Request) -> Option<u64> {
    let length = request.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Reads on for a while what nobody wants: closing with bytes unread resets the connection, and some clients then lose the
/// answer. Whoever waits for a word before sending (`Expect`) is given none.
async fn pass_over(request: Request) {
    if !request.headers().contains_key(header::EXPECT) {
        let body = request.into_body().into_data_stream();
        let _ = timeout(LINGER, body.for_each(async |_| ())).await;
    }
}

/// Fetch a file or a thumbnail. One range of bytes may be asked for.
#[utoipa::path(get, path = "/files/{file_id}", tag = "files", security(("token" = [])), params(("file_id" = FileId, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 206, description = "the range"),
        (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Named(file): Named<OfFile>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let range = headers
        .get(header::RANGE)
        .and_then(|value| range(value.to_str().ok()?));
    let partial = range.is_some();
    let (file, fetched) = fetch(&app, &actor, file.file_id, range).await?;
    Ok(served(&file, fetched, partial))
}

/// `bytes=0-99`, `bytes=100-`, `bytes=-100`; anything else is passed over and the whole is served.
fn range(header: &str) -> Option<GetRange> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => Some(GetRange::Bounded(first..last.checked_add(1)?)),
        (Ok(first), Err(_)) if last.is_empty() => Some(GetRange::Offset(first)),
        (Err(_), Ok(last)) if first.is_empty() => Some(GetRange::Suffix(last)),
        _ => None,
    }
}

/// With a type of our own choosing, as a download, in a sandbox: whatever it is, no browser runs it on our origin.
fn served(file: &File, fetched: Fetched, partial: bool) -> Response {
    let length = fetched.range.end - fetched.range.start;
    let content_range = format!(
        "bytes {}-{}/{}",
        fetched.range.start,
        fetched.range.end.saturating_sub(1),
        fetched.len
    );
    let mut response = Body::from_stream(fetched.body).into_response();
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, &file.media_type);
    set(header::CONTENT_LENGTH, &length.to_string());
    set(
        header::CONTENT_DISPOSITION,
        &format!("attachment; filename*=UTF-8''{}", encoded(&file.name)),
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; sandbox",
    );
    set(
        header::CACHE_CONTROL,
        "private, max-age=31536000, immutable",
    );
    set(header::ACCEPT_RANGES, "bytes");
    if partial {
        set(header::CONTENT_RANGE, &content_range);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

/// RFC 8187: everything but letters, digits and a few signs as `%XX` of its UTF-8.
fn encoded(name: &str) -> String {
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| {
            if sign(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_as_browsers_write_it() {
        assert!(matches!(range("bytes=0-99"), Some(GetRange::Bounded(range)) if range == (0..100)));
        assert!(matches!(range("bytes=100-"), Some(GetRange::Offset(100))));
        assert!(matches!(range("bytes=-5"), Some(GetRange::Suffix(5))));
        for other in [
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "lines=1-2",
            "bytes=0-1,5-6",
            "bytes=0-18446744073709551615",
        ] {
            assert!(range(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(encoded("猫 \"x\"\r\n.png"), "%E7%8C%AB%20%22x%22%0D%0A.png");
    }
}
