//! The one way in: every HTTP request and every WebSocket comes through this accept loop.
//!
//! `axum::serve` sets no deadline on a client that sends nothing, half a head, or a byte a second; it counts
//! nobody. Here a connection gets a seat from the doorman before a byte of it is read, its first request
//! must be complete [`Limits::header_deadline`] after accept, and its seat is taken until its socket is closed,
//! upgraded or not. HTTP/1.1 only: that is what WebSocket runs on, and proxies speak it to us.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use metrics::counter;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::doorman::Doorman;
use super::limits::Limits;
use super::turned::Turned;
use super::visit::{House, Visit};

/// How often the doorman forgets addresses that have left.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// A listener and what is behind it.
#[derive(Debug)]
pub struct Door {
    /// Where connections come from.
    pub listener: TcpListener,
    /// Answers the requests. Each carries a [`ClientAddress`](super::client::ClientAddress) extension.
    pub router: Router,
    /// Who may come in, how fast, and how long he may take to say what he wants.
    pub limits: Limits,
    /// TLS for every connection (see [`tls::from_pem`](super::tls::from_pem)); without it, plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
}

impl Door {
    /// Accepts until `stop` is cancelled, then closes the listener and returns.
    ///
    /// Each connection is one of `tasks`. On `stop` an idle one ends at once, and one with a request under way
    /// when its answer is written: to wait for them, close the tracker and wait on it. An upgraded socket
    /// leaves the tracker with its upgrade; its own task ends it.
    pub async fn serve(self, stop: CancellationToken, tasks: TaskTracker) {
        let limits = Arc::new(self.limits);
        let house = House {
            router: self.router,
            doorman: Doorman::new(limits.clone()),
            limits,
            tls: self.tls,
            stop,
        };
        Entrance {
            listener: self.listener,
            house: Arc::new(house),
            tasks,
        }
        .keep_open()
        .await;
    }
}

struct Entrance {
    listener: TcpListener,
    house: Arc<House>,
    tasks: TaskTracker,
}

impl Entrance {
    async fn keep_open(self) {
        let mut forget = interval(FORGET_EVERY);
        forget.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trouble = Trouble::default();
        loop {
            tokio::select! {
                () = self.house.stop.cancelled() => return,
                _ = forget.tick() => self.house.doorman.forget_rested(Instant::now()),
                () = self.next(&mut trouble) => {}
            }
        }
    }

    /// One connection, or one wait because there can be none. May be dropped at any await.
    async fn next(&self, trouble: &mut Trouble) {
        if let Some(wait) = trouble.wait() {
            sleep(wait).await;
        }
        match self.listener.accept().await {
            Ok((socket, peer)) => {
                trouble.over();
                self.welcome(socket, peer.ip());
            }
            Err(gone) if is_about_one_peer(&gone) => {
                debug!(%gone, "a peer left before it was accepted");
            }
            Err(exhausted) => trouble.note(&exhausted, Instant::now()),
        }
    }

    fn welcome(&self, socket: TcpStream, peer: IpAddr) {
        let now = Instant::now();
        match self.house.doorman.admit(peer, now) {
            Ok(seat) => {
                // Frames are small and somebody waits for each. Fails only on a socket that is dead already.
                _ = socket.set_nodelay(true);
                let deadline = now + self.house.limits.header_deadline;
                let visit = Visit {
                    house: self.house.clone(),
                    peer,
                    deadline,
                    seat,
                };
                self.tasks.spawn(visit.run(socket));
            }
            Err(turned) => turn_away(&socket, turned, self.house.tls.is_some()),
        }
    }
}

/// Says no at once, without a task. Behind TLS there is no saying it without a handshake: that is just closed.
fn turn_away(socket: &TcpStream, turned: Turned, tls: bool) {
    turned.count();
    if tls {
        return;
    }
    // The send buffer of a new socket is empty, so this is written whole or the peer has gone.
    _ = socket.try_write(turned.response().as_bytes());
    // Closing with bytes unread resets the connection, and some clients then lose the answer. What has come
    // already is taken off, once; we do not wait for more.
    _ = socket.try_read(&mut [0; 4096]);
}

/// Whether an accept failed because of the connection it would have returned, not for want of anything of ours.
fn is_about_one_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// Accepts that fail, for want of descriptors mostly. The waiting connection stays in the backlog, so a loop
/// that tried again at once would spin until somebody leaves.
#[derive(Debug, Default)]
struct Trouble {
    failures: u32,
    last_at: Option<Instant>,
}

impl Trouble {
    const FIRST_WAIT: Duration = Duration::from_millis(50);
    const LONGEST_WAIT: Duration = Duration::from_millis(500);
    /// Failures closer than this are one streak, though an accept between them succeeds now and then.
    const CALM: Duration = Duration::from_secs(10);

    /// Before the next accept.
    fn wait(&self) -> Option<Duration> {
        let doublings = self.failures.checked_sub(1)?.min(8);
        Some((Self::FIRST_WAIT * (1 << doublings)).min(Self::LONGEST_WAIT))
    }

    fn note(&mut self, error: &io::Error, now: Instant) {
        if self.begins(now) {
            warn!(%error, "cannot accept connections; trying again until it works");
        }
        self.last_at = Some(now);
        self.failures = self.failures.saturating_add(1);
        counter!("souk_accept_failures_total").increment(1);
    }

    /// Whether a failure now is the first of a streak, the one that is logged.
    fn begins(&self, now: Instant) -> bool {
        self.last_at.is_none_or(|last| now - last > Self::CALM)
    }

    fn over(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emfile() -> io::Error {
        io::Error::from_raw_os_error(24)
    }

    #[test]
    fn waits_grow_to_half_a_second_and_end_with_the_trouble() {
        let mut trouble = Trouble::default();
        let mut waits = Vec::new();
        for _ in 0..7 {
            waits.push(trouble.wait().map_or(0, |wait| wait.as_millis()));
            trouble.note(&emfile(), Instant::now());
        }
        assert_eq!(waits, [0, 50, 100, 200, 400, 500, 500]);
        trouble.failures = u32::MAX;
        trouble.note(&emfile(), Instant::now());
        assert_eq!(trouble.wait(), Some(Trouble::LONGEST_WAIT));
        trouble.over();
        assert_eq!(trouble.wait(), None);
    }

    #[test]
    fn a_streak_is_logged_once_though_accepts_succeed_within_it() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        assert!(trouble.begins(now));
        trouble.note(&emfile(), now);
        trouble.over();
        assert!(!trouble.begins(now + Duration::from_secs(9)));
        assert!(trouble.begins(now + Duration::from_secs(11)));
    }

    #[test]
    fn one_peer_s_failure_is_not_ours() {
        let econnaborted = io::Error::from_raw_os_error(103);
        assert!(is_about_one_peer(&econnaborted));
        assert!(!is_about_one_peer(&emfile()));
    }
}
