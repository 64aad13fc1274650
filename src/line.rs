//! The one HTTP client that calls the providers (of payments, of tracking) that the operator has set up: no redirects, no proxies, no
//! second tries, one time limit for everything, and answers of a bounded size. It believes nothing; whoever asks checks what came.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use url::{Host, Url};

/// Of an answer or a notice; real ones have a few kilobytes.
pub const BODY_BYTES: usize = 64 * 1024;

/// A connection is used again within this time: before the other side may have closed it.
const KEPT: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// There was no connection: nothing was said.
    #[error("no connection")]
    NotThere,
    /// No whole answer within the time limit.
    #[error("no answer in time")]
    Late,
    /// The connection broke, or what came was not HTTP.
    #[error("the answer broke off")]
    Broken,
    /// More than 64 KiB.
    #[error("the answer is too long")]
    TooLong,
}

/// The way to one provider.
pub struct Line {
    client: Client,
    /// Without a slash at the end.
    base: Url,
}

/// What came back. It may be from anybody.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// At most 64 KiB.
    pub body: Bytes,
}

impl Line {
    /// Refuses what is not `https`, other than on this machine.
    pub fn open(base: &str, limit: Duration) -> anyhow::Result<Self> {
        let base = Url::parse(base).context("not a URL")?;
        ensure!(
            base.scheme() == "https" || base.scheme() == "http" && is_here(&base),
            "providers are called by https, or on this machine by http"
        );
        ensure!(
            base.query().is_none() && base.fragment().is_none(),
            "no query and no fragment"
        );
        crate::tls::install_provider();
        let client = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .timeout(limit)
            .pool_idle_timeout(KEPT)
            .user_agent(concat!("souk/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, base })
    }

    /// A request to a path below the base, which is empty or begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let base = self.base.as_str();
        let base = if path.is_empty() {
            base
        } else {
            base.trim_end_matches('/')
        };
        self.client.request(method, format!("{base}{path}"))
    }

    /// The path of a request as the other side sees it.
    pub fn full_path(&self, path: &str) -> String {
        format!("{}{path}", self.base.path().trim_end_matches('/'))
    }
}

/// Sends it once and reads the answer, whatever its status.
pub async fn send(request: RequestBuilder) -> Result<Answer, LineFault> {
    let mut answer = request.send().await.map_err(|error| fault(&error))?;
    let body = read(&mut answer).await?;
    Ok(Answer {
        status: answer.status(),
        headers: std::mem::take(answer.headers_mut()),
        body,
    })
}

async fn read(answer: &mut Response) -> Result<Bytes, LineFault> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| fault(&error))? {
        if body.len() + chunk.len() > BODY_BYTES {
            return Err(LineFault::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Without a connection nothing was said; after that, who knows.
fn fault(error: &reqwest::Error) -> LineFault {
    if error.is_connect() {
        LineFault::NotThere
    } else if error.is_timeout() {
        LineFault::Late
    } else {
        LineFault::Broken
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAY-01: nobody on the way hears or changes what is said to a provider.
    #[test]
    fn a_provider_is_called_by_a_safe_address() {
        for (url, safe) in [
            ("https://api.mch.weixin.qq.com", true),
            ("https://openapi.alipay.com/gateway.do", true),
            ("http://127.0.0.1:9000", true),
            ("http://localhost:9000", true),
            ("http://api.mch.weixin.qq.com", false),
            ("https://example.com/?to=me", false),
            ("ftp://127.0.0.1/", false),
            ("api.mch.weixin.qq.com", false),
            ("", false),
        ] {
            let opened = Line::open(url, Duration::from_secs(5));
            assert_eq!(opened.is_ok(), safe, "{url}");
        }
    }

    /// PAY-01: what is signed is the path that the provider sees.
    #[test]
    fn paths_are_put_below_the_base() {
        let url = |base: &str, path: &str| {
            let line = Line::open(base, Duration::from_secs(5)).unwrap();
            let request = line.request(Method::GET, path).build().unwrap();
            let seen = request.url();
            let asked = seen
                .query()
                .map_or(String::new(), |query| format!("?{query}"));
            assert_eq!(
                line.full_path(path),
                format!("{}{asked}", seen.path()).trim_end_matches('/')
            );
            seen.to_string()
        };
        assert_eq!(
            url("https://a.test", "/v3/x?mchid=1"),
            "https://a.test/v3/x?mchid=1"
        );
        assert_eq!(
            url("https://a.test/pay/", "/v3/x"),
            "https://a.test/pay/v3/x"
        );
        assert_eq!(
            url("https://a.test/gateway.do", ""),
            "https://a.test/gateway.do"
        );
    }
}
