//! The pages for people: built from `web/` and kept in the program, compressed beforehand.
//!
//! What has a hash in its name never changes, so browsers keep it for ever; the entries are asked for anew each time.
//! Nothing runs but what lies here: no line of script or style is in a page itself.

use axum::{
    Router,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{self, HeaderName},
    },
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::reply::Problem;
use crate::error::Refusal;

/// A file, as it is sent.
struct Page {
    path: &'static str,
    media_type: &'static str,
    /// Its `ETag`.
    tag: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

static PAGES: &[Page] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Under which address people find which page.
const ENTRIES: [(&str, &str); 4] = [
    ("/", "/index.html"),
    ("/desk", "/desk.html"),
    ("/centre", "/centre.html"),
    ("/verify", "/verify.html"),
];

/// Scripts, styles and the socket are our own; pictures may also come out of the page's own memory. Whoever frames it, or makes
/// it run text, gets nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types vue souk";

/// The service worker, which browsers ask for at the same address for ever; it loads nothing but the picture of its notifications.
const WORKER: &str = "/push.js";
const WORKER_POLICY: &str = "default-src 'none'; img-src 'self'";

/// The chat of one shop, for frames; which sites may show it is for the shop to say (`embed.rs`).
const FRAMED: &str = "/embed.html";

/// What a shop's own site loads to have the chat: it runs there, not here.
const WIDGET: &str = "/widget.js";

/// What every page tells browsers to keep away from it.
const GUARDS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// The routes of the pages.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let mut router = Router::new();
    for (path, file) in ENTRIES {
        let entry = async move |request: Request| answer(file, request.headers());
        router = router.route(path, get(entry));
    }
    let asset = async |request: Request| answer(request.uri().path(), request.headers());
    router
        .route("/assets/{name}", get(asset))
        .route("/favicon.svg", get(asset))
        .route(WORKER, get(asset))
        .route(WIDGET, get(asset))
}

/// The page for frames, which these origins alone may show: with none of them, nobody. It is asked for anew each time, for
/// browsers keep the headers of what they keep.
pub(super) fn framed(asked: &HeaderMap, by: &[String]) -> Response {
    let page = PAGES.iter().find(|page| page.path == FRAMED);
    let mut response = page.map_or_else(not_built, |page| page.whole(accepted(asked)));
    let headers = response.headers_mut();
    headers.extend(GUARDS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(policy) = framed_by(by) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.remove(header::X_FRAME_OPTIONS);
    }
    response
}

/// The policy with which these origins may show a page; nothing if that cannot be said: then nobody may.
fn framed_by(origins: &[String]) -> Option<HeaderValue> {
    let ancestors = format!("frame-ancestors {}", origins.join(" "));
    let policy = POLICY.replace("frame-ancestors 'none'", &ancestors);
    HeaderValue::from_str(&policy)
        .ok()
        .filter(|_| !origins.is_empty())
}

fn not_built() -> Response {
    let words = "This program was built without its pages: `./dev run` builds both.\n";
    (StatusCode::NOT_FOUND, words).into_response()
}

fn answer(path: &str, asked: &HeaderMap) -> Response {
    match PAGES.iter().find(|page| page.path == path) {
        Some(page) => page.answer(asked),
        None if path == WIDGET || ENTRIES.iter().any(|(_, file)| *file == path) => not_built(),
        None => Problem(Refusal::NotFound.into()).into_response(),
    }
}

impl Page {
    fn answer(&self, asked: &HeaderMap) -> Response {
        let mut response = match asked.get(header::IF_NONE_MATCH) {
            Some(tag) if tag == self.tag => StatusCode::NOT_MODIFIED.into_response(),
            _ => self.whole(accepted(asked)),
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, HeaderValue::from_static(self.tag));
        for (name, value) in self.headers() {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn whole(&self, accepted: &str) -> Response {
        let (body, encoding) = self.body(accepted);
        let mut response = ([(header::CONTENT_TYPE, self.media_type)], body).into_response();
        if let Some(encoding) = encoding {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        response
    }

    /// The smallest form that the browser can read.
    fn body(&self, accepted: &str) -> (&'static [u8], Option<HeaderValue>) {
        let forms = [("br", self.brotli), ("gzip", self.gzip)];
        let mut readable = forms.into_iter().filter(|(name, _)| offers(accepted, name));
        match readable.find_map(|(name, body)| Some((body?, name))) {
            Some((body, name)) => (body, Some(HeaderValue::from_static(name))),
            None => (self.plain, None),
        }
    }

    fn headers(&self) -> Vec<(HeaderName, &'static str)> {
        let kept = match self.path {
            WIDGET => "public, max-age=600",
            path if path.starts_with("/assets/") => "public, max-age=31536000, immutable",
            _ => "no-cache",
        };
        let mut headers = vec![
            (header::CACHE_CONTROL, kept),
            (header::VARY, "accept-encoding"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        if self.path == WORKER {
            headers.push((header::CONTENT_SECURITY_POLICY, WORKER_POLICY));
        }
        if self.path == WIDGET {
            let anybodys = HeaderName::from_static("cross-origin-resource-policy");
            headers.extend([
                (anybodys, "cross-origin"),
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ]);
        }
        if self.media_type.starts_with("text/html") {
            headers.extend(GUARDS);
        }
        headers
    }
}

fn accepted(asked: &HeaderMap) -> &str {
    let accepted = asked.get(header::ACCEPT_ENCODING);
    accepted
        .and_then(|names| names.to_str().ok())
        .unwrap_or_default()
}

/// Does the browser take this encoding? `q=0` says that it does not.
fn offers(accepted: &str, name: &str) -> bool {
    let mut offered = accepted
        .split(',')
        .map(|offer| offer.split(';').map(str::trim));
    offered.any(|mut offer| {
        offer
            .next()
            .is_some_and(|named| named.eq_ignore_ascii_case(name))
            && !offer.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Page = Page {
        path: "/assets/desk-1f3a.js",
        media_type: "text/javascript; charset=utf-8",
        tag: "\"1\"",
        plain: b"plain",
        gzip: Some(b"gzip"),
        brotli: Some(b"br"),
    };

    /// CON-01: pages are shown in no frame, and the chat in those of the shop's own sites alone.
    #[test]
    fn only_a_shops_own_sites_frame_its_chat() {
        let page = Page {
            path: "/desk.html",
            media_type: "text/html; charset=utf-8",
            ..PAGE
        };
        let of = |headers: &HeaderMap| {
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            let ancestors = policy.split(';').find(|part| part.contains("ancestors"));
            let other = headers.get(header::X_FRAME_OPTIONS).cloned();
            (ancestors.unwrap().trim().to_owned(), other)
        };
        let deny = Some(HeaderValue::from_static("DENY"));
        let nobody = ("frame-ancestors 'none'".to_owned(), deny);
        let none = HeaderMap::new();
        assert_eq!(of(page.answer(&none).headers()), nobody);
        assert_eq!(of(framed(&none, &[]).headers()), nobody);
        let sites = ["https://a.example", "https://b.example:8443"].map(str::to_owned);
        let both = "frame-ancestors https://a.example https://b.example:8443".to_owned();
        assert_eq!(of(framed(&none, &sites).headers()), (both, None));
    }

    fn asked(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    /// CON-01: the smallest form that the browser reads; `q=0` is a no.
    #[test]
    fn a_browser_gets_what_it_can_read() {
        for (accepted, body) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip", "gzip"),
            ("br;q=0, GZIP;q=0.5", "gzip"),
            ("br; q=0.0, gzip;q=0", "plain"),
            ("brotli, x-gzip", "plain"),
            ("", "plain"),
        ] {
            assert_eq!(PAGE.body(accepted).0, body.as_bytes(), "{accepted}");
        }
    }

    /// CON-01: what has a hash in its name is kept for ever, a page is asked for anew, and not sent again if it is the same.
    #[test]
    fn what_never_changes_is_kept() {
        let kept = |page: &Page| page.answer(&HeaderMap::new()).headers()["cache-control"].clone();
        assert_eq!(kept(&PAGE), "public, max-age=31536000, immutable");
        assert_eq!(
            kept(&Page {
                path: "/desk.html",
                ..PAGE
            }),
            "no-cache"
        );
        let again = |tag| PAGE.answer(&asked(header::IF_NONE_MATCH, tag)).status();
        assert_eq!(
            (again("\"1\""), again("\"2\"")),
            (StatusCode::NOT_MODIFIED, StatusCode::OK)
        );
    }
}
