//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONNECTION, RETRY_AFTER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tower::Service as _;
use tracing::debug;

use super::body::Timely;
use super::client::{ClientAddress, PassedOn};
use super::doorman::{Doorman, Seat};
use super::limits::Limits;
use super::turned::Turned;
use super::wire::{Answering, Line, Wire};

/// What all visits to one listener have in common.
pub(super) struct House {
    pub(super) router: Router,
    pub(super) limits: Arc<Limits>,
    pub(super) doorman: Arc<Doorman>,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) stop: CancellationToken,
}

/// A connection that has been given a seat.
pub(super) struct Visit {
    pub(super) house: Arc<House>,
    pub(super) peer: IpAddr,
    pub(super) deadline: Instant,
    pub(super) seat: Seat,
}

/// TLS keeps more than a kilobyte of state: boxed, so that a plain connection does not pay for it.
type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Read and write buffers grow up to this with what they carry. Heads have their own, smaller limit.
const BUFFER_BYTES: usize = 64 * 1024;

impl Visit {
    /// Serves the connection until it closes, is upgraded, or the house closes and its last answer is out.
    pub(super) async fn run(self, socket: TcpStream) {
        let Some(stream) = self.shake_hands(socket).await else {
            return;
        };
        let line = Line::new();
        let host = Host {
            house: self.house.clone(),
            peer: self.peer,
            line: line.clone(),
        };
        let wire = Wire::new(
            stream,
            line,
            self.house.limits.clone(),
            self.deadline,
            self.seat,
        );
        host.serve(wire).await;
    }

    async fn shake_hands(&self, socket: TcpStream) -> Option<Stream> {
        let Some(config) = &self.house.tls else {
            return Some(Either::Left(socket));
        };
        let handshake = timeout_at(
            self.deadline,
            TlsAcceptor::from(config.clone()).accept(socket),
        );
        match self.house.stop.run_until_cancelled(handshake).await? {
            Ok(Ok(stream)) => Some(Either::Right(Box::new(stream))),
            Ok(Err(broken)) => {
                debug!(%broken, "TLS handshake failed");
                None
            }
            Err(_late) => None,
        }
    }
}

/// Answers the requests of one connection, one after another.
#[derive(Clone)]
struct Host {
    house: Arc<House>,
    peer: IpAddr,
    line: Arc<Line>,
}

impl Host {
    async fn serve(self, wire: Wire<Stream>) {
        let stop = self.house.stop.clone();
        let http = http1(&self.house.limits);
        let service = service_fn(move |request| {
            let host = self.clone();
            async move { Ok::<_, Infallible>(host.answer(request).await) }
        });
        let mut connection = pin!(
            http.serve_connection(TokioIo::new(wire), service)
                .with_upgrades()
        );
        let ended = stop.run_until_cancelled(connection.as_mut()).await;
        let ended = if let Some(ended) = ended {
            ended
        } else {
            connection.as_mut().graceful_shutdown();
            connection.await
        };
        if let Err(broken) = ended {
            debug!(%broken, "connection ended");
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Answer> {
        let Ok(answering) = self.line.begin() else {
            return Answer::refusal(StatusCode::BAD_REQUEST);
        };
        let client = ClientAddress::of(self.peer, request.headers(), &self.house.limits);
        let guest = match self.seat_guest(client, &request) {
            Ok(guest) => guest,
            Err(turned) => return Answer::turned_away(turned),
        };
        // The watcher of the wire does not follow chunks, so a chunked request is the connection's last.
        let last = request.headers().contains_key(TRANSFER_ENCODING);
        let mut response = self.ask_router(client, request).await;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.line.upgrade(guest);
        } else if last {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response.map(|body| Answer {
            body,
            _answering: Some(answering),
        })
    }

    /// A proxy's connection is nobody's until it is upgraded; then it is the client's, and counts as such.
    fn seat_guest(
        &self,
        client: ClientAddress,
        request: &Request<Incoming>,
    ) -> Result<Option<Seat>, Turned> {
        let proxied = self.house.limits.trusts(self.peer);
        if !proxied || !request.headers().contains_key(UPGRADE) {
            return Ok(None);
        }
        self.house
            .doorman
            .admit_guest(client.0, Instant::now())
            .map(Some)
    }

    async fn ask_router(
        &self,
        client: ClientAddress,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let limits = &self.house.limits;
        let mut request = request.map(|body| Body::new(Timely::new(body, limits)));
        if let Some(passed_on) = PassedOn::of(self.peer, client, request.headers()) {
            request.extensions_mut().insert(passed_on);
        }
        request.extensions_mut().insert(client);
        match self.house.router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

fn http1(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // The wire keeps the time: hyper's own clock does not tell a slow head from an idle connection.
        .header_read_timeout(None)
        .max_header_size(limits.max_header_bytes)
        .max_buf_size(BUFFER_BYTES.max(limits.max_header_bytes));
    http
}

/// The body of an answer. The connection's clock stands still until it is written or dropped.
struct Answer {
    body: Body,
    _answering: Option<Answering>,
}

impl Answer {
    fn refusal(status: StatusCode) -> Response<Self> {
        let body = Body::empty();
        let mut response = Response::new(Self {
            body,
            _answering: None,
        });
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }

    fn turned_away(turned: Turned) -> Response<Self> {
        turned.count();
        let mut response = Self::refusal(turned.status());
        response
            .headers_mut()
            .insert(RETRY_AFTER, turned.retry_after_seconds().into());
        response
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
