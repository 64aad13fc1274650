//! The bus over Redis: one connection, one session after the other, as long as the server runs.
//!
//! A session connects, wants every topic anew (one `SSUBSCRIBE` a channel: several in one call are lost silently when a
//! cluster breaks), then hears, tells and keeps the wishes up to date until the connection breaks. Telling never makes
//! a caller wait: what does not fit the queue is counted, and the other nodes' sweep finds it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::redis::{ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value, cmd};
use bytes::Bytes;
use futures_util::future::join_all;
use parking_lot::RwLock;
use tokio::{
    sync::mpsc,
    time::{Instant, interval, sleep, timeout},
};

use super::{
    Audience, Bus,
    bulletin::{self, News},
    topics::Topics,
    wire::{Place, Pushes, Wire},
};
use crate::shutdown::Shutdown;

/// News that may wait to be told.
const QUEUE: usize = 8_192;
/// News told, or topics asked for, with one round trip.
const BATCH: usize = 256;
/// Whoever subscribes waits this long for the confirmation, then the sweep stands in.
const CONFIRMATION: Duration = Duration::from_millis(250);
/// Between two signs of life asked of a quiet Redis.
const PULSE: Duration = Duration::from_secs(3);
/// The longest pause between two attempts to connect.
const PAUSE: Duration = Duration::from_secs(1);

/// The callers' end: never waits, except for a confirmation.
pub(super) struct Link {
    pub(super) topics: Arc<Topics>,
    queue: mpsc::Sender<News>,
    wire: Arc<RwLock<Option<Wire>>>,
}

/// The working end, for a task of its own.
pub(super) struct Wiring {
    place: Place,
    topics: Arc<Topics>,
    queue: mpsc::Receiver<News>,
    wire: Arc<RwLock<Option<Wire>>>,
}

impl Link {
    pub(super) fn new(url: &str) -> anyhow::Result<(Self, Wiring)> {
        let (sender, queue) = mpsc::channel(QUEUE);
        let (topics, wire) = (Arc::<Topics>::default(), Arc::default());
        let wiring = Wiring {
            place: Place::new(url)?,
            topics: topics.clone(),
            queue,
            wire: Arc::clone(&wire),
        };
        let link = Self {
            topics,
            queue: sender,
            wire,
        };
        Ok((link, wiring))
    }

    /// Tells the other nodes, if Redis is there.
    pub(super) fn tell(&self, news: News) {
        if self.wire.read().is_none() || self.queue.try_send(news).is_err() {
            metrics::counter!("souk_bus_dropped").increment(1);
        }
    }

    /// Waits a moment for Redis to confirm `audiences`.
    pub(super) async fn confirmed(&self, audiences: &[Audience]) {
        let mut confirmed = self.topics.want(audiences);
        if self.wire.read().is_some() {
            let _ = timeout(CONFIRMATION, confirmed.recv()).await;
        }
    }

    /// The connection, while there is one.
    pub(super) fn wire(&self) -> Option<Wire> {
        self.wire.read().clone()
    }
}

impl Wiring {
    /// Runs one session after the other until the server stops.
    pub(super) async fn run(mut self, bus: Bus, shutdown: Shutdown) {
        let mut pause = Duration::from_millis(50);
        let stop = shutdown.firm().clone();
        loop {
            let begun = Instant::now();
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                ended = self.session(&bus) => ended,
            };
            *self.wire.write() = None;
            bus.set_healthy(false);
            metrics::counter!("souk_bus_disconnections").increment(1);
            if let Err(error) = ended {
                tracing::warn!(%error, "without Redis for now; the sweep stands in");
            }
            pause = if begun.elapsed() > PAUSE {
                Duration::from_millis(50)
            } else {
                (pause * 2).min(PAUSE)
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause.mul_f64(rand::random_range(0.5..1.0))) => {}
            }
        }
    }

    async fn session(&mut self, bus: &Bus) -> RedisResult<()> {
        let (wire, pushes) = self.place.connect().await?;
        self.topics.begin_anew();
        *self.wire.write() = Some(wire.clone());
        bus.presence().begin_anew();
        let (topics, lost) = (&self.topics, pushes.lost.clone());
        tokio::select! {
            ended = ask(topics, &wire, bus) => ended,
            ended = tell(&mut self.queue, &wire, bus) => ended,
            ended = pulse(&wire) => ended,
            () = hear(topics, pushes, bus) => Ok(()),
            () = lost.cancelled() => Err(RedisError::from((ErrorKind::Io, "the connection broke"))),
        }
    }
}

/// Brings Redis to what is wanted. Others are heard when all of it is done: what came before may have been missed.
async fn ask(topics: &Topics, wire: &Wire, bus: &Bus) -> RedisResult<()> {
    loop {
        if topics.settled() && !bus.healthy() {
            bus.set_healthy(true);
            bus.doubt();
        }
        let changes = topics.changes(BATCH).await;
        let answers = join_all(changes.iter().map(|change| ask_for(wire, *change))).await;
        let mut refused = None;
        for ((audience, wanted), answer) in changes.into_iter().zip(answers) {
            match answer {
                Ok(()) if wanted => topics.confirm(audience),
                Ok(()) => {}
                Err(error) => {
                    topics.again(audience);
                    refused = Some(error);
                }
            }
        }
        if let Some(error) = refused {
            if error.is_io_error() || error.is_unrecoverable_error() {
                return Err(error);
            }
            tracing::warn!(%error, "Redis refuses a topic; asking again");
            bus.set_healthy(false);
            sleep(PAUSE).await;
        }
    }
}

/// One call a channel.
async fn ask_for(wire: &Wire, (audience, wanted): (Audience, bool)) -> RedisResult<()> {
    let verb = if wanted { "SSUBSCRIBE" } else { "SUNSUBSCRIBE" };
    wire.ask::<Value>(cmd(verb).arg(audience.to_string()))
        .await
        .map(drop)
}

/// Publishes what waits, a batch with one round trip.
async fn tell(queue: &mut mpsc::Receiver<News>, wire: &Wire, bus: &Bus) -> RedisResult<()> {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let mut commands = Vec::with_capacity(batch.len() * 2);
        for news in batch.drain(..) {
            let bytes = news.encode(bus.node());
            for audience in news.audiences() {
                let mut publish = cmd("SPUBLISH");
                publish.arg(audience.to_string()).arg(&bytes[..]);
                commands.push(publish);
            }
        }
        let told = wire.ask_all::<Value>(&commands).await;
        let outcome = if told.is_ok() {
            "souk_bus_told"
        } else {
            "souk_bus_dropped"
        };
        metrics::counter!(outcome).increment(commands.len() as u64);
        told?;
    }
    Ok(())
}

/// Finds out that Redis has gone quiet for ever.
async fn pulse(wire: &Wire) -> RedisResult<()> {
    let mut beats = interval(PULSE);
    loop {
        beats.tick().await;
        wire.ask::<Value>(&cmd("PING")).await?;
    }
}

/// Hears other nodes until the connection ends.
async fn hear(topics: &Topics, mut pushes: Pushes, bus: &Bus) {
    while let Some(push) = pushes.messages.recv().await {
        if pushes.missed.load(Ordering::Relaxed) && pushes.messages.is_empty() {
            forget_missed(&pushes.missed, bus);
        }
        hear_push(topics, push, bus);
    }
}

fn forget_missed(missed: &AtomicBool, bus: &Bus) {
    missed.store(false, Ordering::Relaxed);
    metrics::counter!("souk_bus_overrun").increment(1);
    bus.doubt();
}

fn hear_push(topics: &Topics, push: PushInfo, bus: &Bus) {
    let mut parts = push.data.into_iter();
    let topic: Option<Audience> = match parts.next() {
        Some(Value::BulkString(topic)) => std::str::from_utf8(&topic)
            .ok()
            .and_then(|topic| topic.parse().ok()),
        Some(Value::SimpleString(topic)) => topic.parse().ok(),
        _ => None,
    };
    match (push.kind, topic, parts.next()) {
        (PushKind::SMessage, Some(topic), Some(Value::BulkString(bytes))) => {
            hear_bulletin(topics, topic, bytes.into(), bus);
        }
        // A slot has moved to another node of the cluster.
        (PushKind::SUnsubscribe, Some(topic), _) if topics.hears(topic) => topics.again(topic),
        _ => {}
    }
}

fn hear_bulletin(topics: &Topics, topic: Audience, bytes: Bytes, bus: &Bus) {
    match bulletin::decode(bytes, bus.node()) {
        Ok(Some((audiences, news))) => {
            // What stands in a conversation's order is told apart from its copies there.
            let ordered = matches!(&news, News::Shown(event) if event.step.is_some());
            if ordered || topics.first_wanted(&audiences) == Some(topic) {
                bus.hear(news);
            }
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "a bulletin that cannot be read"),
    }
}
