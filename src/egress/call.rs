//! The one HTTP client that calls addresses which strangers chose.
//!
//! No redirects (a redirect is an answer like any other), no proxies from the environment, no cookies, one time limit for
//! everything, and of the answer to a [`Egress::post`] nothing is kept but its status: whoever could read answers could read whatever they
//! made us call. What [`Egress::get`] reads is read by the server alone, and never shown.

use std::{error::Error as StdError, io, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{Client, Response, header, redirect::Policy};

use super::address::{AddressFault, Guard, GuardedResolver, Lookup, SystemLookup, Target};

/// So much of an answer's body is read, to leave the connection usable; then it is dropped.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Calls targets. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Egress {
    client: Client,
}

/// What a receiver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code, whatever it is.
    pub status: u16,
    /// The `Retry-After` header as it came, at most 64 bytes of it; `again::retry_after` reads it.
    pub retry_after: Option<String>,
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EgressFault {
    /// The guard refused the address that the name resolves to now.
    #[error(transparent)]
    Refused(#[from] AddressFault),
    /// No whole answer within the time limit.
    #[error("no answer in time")]
    Timeout,
    /// No connection: name unknown, port closed, TLS refused.
    #[error("cannot be reached")]
    Unreachable,
    /// A connection, but no HTTP answer on it.
    #[error("broken answer")]
    Broken,
}

impl Egress {
    /// The client: the system's resolver behind `guard`; connecting, sending and reading together may take `limit`.
    /// Fails if the TLS roots cannot be read.
    pub fn new(guard: Guard, limit: Duration) -> reqwest::Result<Self> {
        Self::build(guard, SystemLookup, limit)
    }

    /// The same with another resolver, for tests.
    fn build(guard: Guard, lookup: impl Lookup, limit: Duration) -> reqwest::Result<Self> {
        crate::tls::install_provider();
        let client = Client::builder()
            .dns_resolver(GuardedResolver::new(guard, lookup))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            .http1_only()
            .timeout(limit)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("souk/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client })
    }

    /// Posts a body once, with headers that say what it is and prove that it is ours.
    pub async fn post(
        &self,
        target: &Target,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, EgressFault> {
        let mut request = self.client.post(target.url().clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request
            .body(body)
            .send()
            .await
            .map_err(|error| fault(&error))?;
        drain(&mut response).await.map_err(|error| fault(&error))?;
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: retry_after(&response),
        })
    }
}

impl Egress {
    /// Gets what lies there, once: its status, and its body of at most so many bytes. What is longer is broken.
    pub async fn get(&self, target: &Target, most: usize) -> Result<(u16, Bytes), EgressFault> {
        let asked = self.client.get(target.url().clone()).send().await;
        let mut response = asked.map_err(|error| fault(&error))?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
            if body.len() + chunk.len() > most {
                return Err(EgressFault::Broken);
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status().as_u16(), body.freeze()))
    }
}

/// Reads at most [`BODY_LIMIT`] and keeps nothing. What is longer is cut by dropping the connection.
async fn drain(response: &mut Response) -> reqwest::Result<()> {
    let mut read = 0;
    while let Some(chunk) = response.chunk().await? {
        read += chunk.len();
        if read > BODY_LIMIT {
            break;
        }
    }
    Ok(())
}

fn retry_after(response: &Response) -> Option<String> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    Some(value.chars().take(64).collect())
}

fn fault(error: &reqwest::Error) -> EgressFault {
    let causes = || std::iter::successors(error.source(), |cause| (*cause).source());
    if let Some(refused) = causes().find_map(|cause| cause.downcast_ref::<AddressFault>()) {
        return EgressFault::Refused(*refused);
    }
    let timed_out = |cause: &(dyn StdError + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
    };
    if error.is_timeout() || causes().any(timed_out) {
        EgressFault::Timeout
    } else if error.is_connect() {
        EgressFault::Unreachable
    } else {
        EgressFault::Broken
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

    use super::super::address::Looking;
    use super::*;
    use crate::shutdown::Shutdown;

    const TIME_LIMIT: Duration = Duration::from_secs(10);
    const DEVELOPMENT: Guard = Guard {
        allow_loopback: true,
    };

    fn egress() -> Egress {
        Egress::new(DEVELOPMENT, TIME_LIMIT).unwrap()
    }

    async fn post(url: &str) -> Result<Answer, EgressFault> {
        let target = DEVELOPMENT.admit(url).unwrap();
        egress()
            .post(
                &target,
                &[("webhook-id", "msg_1")],
                Bytes::from_static(b"{}"),
            )
            .await
    }

    async fn server_that_says(template: ResponseTemplate) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(matchers::method("POST"))
            .respond_with(template)
            .mount(&server)
            .await;
        server
    }

    /// A receiver that says `answer` byte by byte and then keeps the line open.
    async fn raw_server(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        Shutdown::default().spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(&answer).await;
            let mut rest = Vec::new();
            let _ = socket.read_to_end(&mut rest).await;
        });
        url
    }

    #[tokio::test]
    async fn a_call_carries_our_headers_and_no_others_that_tell_on_us() {
        let server =
            server_that_says(ResponseTemplate::new(204).insert_header("retry-after", "7")).await;
        let answer = post(&server.uri()).await.unwrap();
        assert_eq!(
            answer,
            Answer {
                status: 204,
                retry_after: Some("7".into())
            }
        );
        let requests = server.received_requests().await.unwrap();
        assert_eq!(requests.len(), 1);
        let headers = &requests[0].headers;
        assert_eq!(headers["webhook-id"], "msg_1");
        for absent in [
            "cookie",
            "authorization",
            "content-type",
            "referer",
            "accept-encoding",
        ] {
            assert!(!headers.contains_key(absent), "{absent}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_a_cookie_is_not_kept() {
        let template = ResponseTemplate::new(302)
            .insert_header("location", "http://169.254.169.254/latest/meta-data/")
            .insert_header("set-cookie", "a=b");
        let server = server_that_says(template).await;
        let (egress, target) = (egress(), DEVELOPMENT.admit(&server.uri()).unwrap());
        for _ in 0..2 {
            assert_eq!(
                egress
                    .post(&target, &[], Bytes::new())
                    .await
                    .unwrap()
                    .status,
                302
            );
        }
        let requests = server.received_requests().await.unwrap();
        assert_eq!(requests.len(), 2);
        assert!(!requests[1].headers.contains_key("cookie"));
    }

    #[tokio::test]
    async fn of_an_endless_answer_only_the_status_is_kept() {
        let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec();
        answer.resize(answer.len() + BODY_LIMIT + 1, b'x');
        assert_eq!(post(&raw_server(answer).await).await.unwrap().status, 200);
    }

    #[tokio::test]
    async fn a_receiver_that_dawdles_is_left() {
        let url = raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx".to_vec()).await;
        let egress = Egress::build(DEVELOPMENT, SystemLookup, Duration::from_millis(100)).unwrap();
        let target = DEVELOPMENT.admit(&url).unwrap();
        assert_eq!(
            egress.post(&target, &[], Bytes::new()).await,
            Err(EgressFault::Timeout)
        );
    }

    #[tokio::test]
    async fn what_is_not_http_is_a_broken_answer() {
        assert_eq!(
            post(&raw_server(b"220 smtp ready\r\n\r\n".to_vec()).await).await,
            Err(EgressFault::Broken)
        );
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(post(&url).await, Err(EgressFault::Unreachable));
    }

    /// A name server whose every name lives at one address.
    struct Fixed(IpAddr);

    impl Lookup for Fixed {
        fn look_up(&self, _: String) -> Looking {
            let ip = self.0;
            Box::pin(async move { Ok(vec![ip]) })
        }
    }

    #[tokio::test]
    async fn a_public_name_with_a_private_address_is_never_connected_to() {
        let guard = Guard {
            allow_loopback: false,
        };
        let egress = Egress::build(guard, Fixed("127.0.0.1".parse().unwrap()), TIME_LIMIT).unwrap();
        let target = guard.admit("https://rebind.example/").unwrap();
        let answer = egress.post(&target, &[], Bytes::new()).await;
        assert_eq!(answer, Err(EgressFault::Refused(AddressFault::NotPublic)));
    }

    #[tokio::test]
    async fn the_checked_address_is_the_connected_one() {
        let server = server_that_says(ResponseTemplate::new(200)).await;
        let egress =
            Egress::build(DEVELOPMENT, Fixed("127.0.0.1".parse().unwrap()), TIME_LIMIT).unwrap();
        let target = DEVELOPMENT
            .admit(&format!("http://localhost:{}/", server.address().port()))
            .unwrap();
        assert_eq!(
            egress
                .post(&target, &[], Bytes::new())
                .await
                .unwrap()
                .status,
            200
        );
        let elsewhere =
            Egress::build(DEVELOPMENT, Fixed("10.0.0.1".parse().unwrap()), TIME_LIMIT).unwrap();
        let answer = elsewhere.post(&target, &[], Bytes::new()).await;
        assert_eq!(answer, Err(EgressFault::Refused(AddressFault::NotPublic)));
    }
}
