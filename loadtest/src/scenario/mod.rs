//! The scenarios, and the stage that they play on.

pub mod campaign;
pub mod chat;
pub mod claims;
pub mod group;
pub mod idle;
pub mod limits;
pub mod orders;
pub mod resume;
pub mod storm;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{net::lookup_host, sync::Semaphore, task::JoinSet, time::Instant};

use crate::{
    figures::Figures,
    people::{Person, Source},
    socket::{Route, Socket},
    talk::{Notes, Run},
    usage::Program,
};

/// Connections being opened at once.
const OPENING: usize = 64;
/// Sockets for each of our own addresses when the server is on this machine.
const SOCKETS_PER_ADDRESS: usize = 5_000;

/// Where a scenario plays, and with whom.
#[derive(Clone)]
pub struct Stage {
    /// The server.
    pub server: SocketAddr,
    /// Its name, for the `Host` header.
    pub host: String,
    /// The people.
    pub source: Source,
    /// Shows how far it has come.
    pub bar: ProgressBar,
}

impl Stage {
    /// At a server's `http://host:port`.
    pub async fn at(url: &str, source: Source) -> anyhow::Result<Self> {
        let host = url
            .strip_prefix("http://")
            .context("the load test speaks plain HTTP: give --url as http://host:port")?
            .trim_end_matches('/');
        let server = lookup_host(host).await?.next().context("no such host")?;
        let style = ProgressStyle::with_template("{prefix:12} {elapsed:>4} {wide_bar} {msg}")?;
        let bar = ProgressBar::new(1).with_style(style);
        Ok(Self {
            server,
            host: host.to_owned(),
            source,
            bar,
        })
    }

    /// The server's program, if it is on this machine.
    pub fn program(&self) -> Option<Program> {
        self.server
            .ip()
            .is_loopback()
            .then(|| Program::listening(self.server))?
    }

    /// The way for socket number `place`: on one machine, from several of its addresses.
    pub fn route(&self, place: usize) -> Route {
        let from = self.server.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST);
        let last = u8::try_from(2 + place / SOCKETS_PER_ADDRESS).unwrap_or(u8::MAX);
        Route {
            to: self.server,
            host: self.host.clone(),
            from: from.then_some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))),
        }
    }

    /// Brings everybody on the line, in their order.
    pub async fn connect(&self, people: &[Person]) -> anyhow::Result<Vec<Socket>> {
        self.bar.set_length(people.len() as u64);
        self.bar.set_position(0);
        self.bar.set_message("connecting");
        let (places, mut opening) = (Arc::new(Semaphore::new(OPENING)), JoinSet::new());
        for (place, person) in people.iter().enumerate() {
            let (places, route) = (places.clone(), self.route(place));
            let (token, bar) = (person.token.clone(), self.bar.clone());
            opening.spawn(async move {
                let _place = places.acquire_owned().await?;
                let mut socket = Socket::open(&route).await?;
                socket.authenticate(&token).await?;
                bar.inc(1);
                anyhow::Ok((place, socket))
            });
        }
        let mut sockets = Vec::with_capacity(people.len());
        while let Some(opened) = opening.join_next().await {
            sockets.push(opened??);
        }
        sockets.sort_by_key(|(place, _)| *place);
        Ok(sockets.into_iter().map(|(_, socket)| socket).collect())
    }

    /// Shows how a run goes, until it is over.
    pub async fn watch(&self, run: &Run) {
        let length = run.end.duration_since(run.start);
        self.bar
            .set_length(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
        let load = |counter: &std::sync::atomic::AtomicU64| {
            counter.load(std::sync::atomic::Ordering::Relaxed)
        };
        let (mut before, mut at) = ((0, 0), run.start);
        while Instant::now() < run.end {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let (now, since) = (
                (load(&run.acked), load(&run.shown)),
                at.elapsed().as_secs_f64(),
            );
            at = Instant::now();
            self.bar
                .set_position(u64::try_from(run.start.elapsed().as_millis()).unwrap_or(u64::MAX));
            self.bar.set_message(format!(
                "{:>9} acked/s {:>10} delivered/s",
                rate(now.0 - before.0, since),
                rate(now.1 - before.1, since)
            ));
            before = now;
        }
        self.bar.set_message("waiting for what is under way");
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "for people to read"
)]
fn rate(count: u64, seconds: f64) -> u64 {
    (count as f64 / seconds.max(1e-3)) as u64
}

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Dose {
    /// Sockets.
    pub connections: usize,
    /// How long.
    pub length: Duration,
    /// Bytes of a message's text.
    pub size: usize,
}

/// Counts and times of a run, from everybody's notes.
#[expect(clippy::cast_precision_loss, reason = "counts of messages")]
pub(crate) fn tally(figures: &mut Figures, run: &Run, seconds: f64, notes: &[Notes]) {
    let (mut ack, mut deliver) = (
        crate::figures::Times::default(),
        crate::figures::Times::default(),
    );
    for one in notes {
        ack.merge(&one.ack);
        deliver.merge(&one.deliver);
        figures.delivered += one.heard.count;
        figures.acked += one.promised.count;
    }
    figures.sent = run.sent.load(std::sync::atomic::Ordering::Relaxed);
    figures.seconds = seconds;
    figures.acked_per_s = Some(figures.acked as f64 / seconds);
    figures.delivered_per_s = Some(figures.delivered as f64 / seconds);
    (figures.ack_ms, figures.deliver_ms) = (ack.percentiles(), deliver.percentiles());
}
