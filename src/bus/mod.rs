//! One node telling the others.
//!
//! A node shows an event to its own people at once and, when Redis is there, tells the other nodes by sharded
//! pub/sub, one topic an audience. Redis only wakes nodes up: what it loses is found again in Postgres by `live/sweep.rs`.

mod audience;
mod bulletin;
mod presence;
mod recheck;
mod redis;
mod roll;
mod topics;
mod wire;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub use audience::Audience;
pub use recheck::Recheck;

use self::{bulletin::News, presence::Presence, wire::Wire};
use crate::{
    event::Event,
    id::{NodeId, UserId},
    shutdown::Shutdown,
};

/// What a node hears, from itself and from others.
pub trait Listener: Send + Sync {
    /// Show this to the people on this node. Must not block.
    fn show(&self, event: &Arc<Event>);
    /// Look again at a user's lines.
    fn recheck(&self, user: UserId, what: Recheck);
    /// Something may have been missed: compare with Postgres.
    fn doubt(&self);
}

/// The way to everybody's screens. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    node: NodeId,
    listener: OnceLock<Arc<dyn Listener>>,
    presence: Presence,
    redis: Option<redis::Link>,
    healthy: AtomicBool,
}

impl Bus {
    /// A bus that nobody hears, for what runs without a server.
    pub fn local() -> Self {
        Self::with(None)
    }

    /// A bus of one node, if `redis_url` is empty; else over Redis 7 or newer (several nodes of a cluster separated by
    /// commas). Does not wait for Redis. `beat` is the time between two looks at who is on the line elsewhere.
    pub fn start(redis_url: &str, beat: Duration, shutdown: &Shutdown) -> anyhow::Result<Self> {
        let bus = match redis_url {
            "" => Self::local(),
            url => {
                let (link, wiring) = redis::Link::new(url)?;
                let bus = Self::with(Some(link));
                shutdown.spawn_keeper(wiring.run(bus.clone(), shutdown.clone()));
                bus
            }
        };
        shutdown.spawn_keeper(presence::keep(bus.clone(), beat, shutdown.firm().clone()));
        Ok(bus)
    }

    fn with(redis: Option<redis::Link>) -> Self {
        Self(Arc::new(Inner {
            node: NodeId::new(),
            listener: OnceLock::new(),
            presence: Presence::default(),
            healthy: AtomicBool::new(redis.is_none()),
            redis,
        }))
    }

    /// This node's id.
    pub fn node(&self) -> NodeId {
        self.0.node
    }

    /// Gives the bus its one listener: the hub.
    pub fn attach(&self, listener: Arc<dyn Listener>) {
        let _ = self.0.listener.set(listener);
    }

    /// Shows an event here and tells the other nodes. Never waits: when the queue to Redis is full, the other nodes
    /// find the event by their sweep.
    pub fn publish(&self, event: &Arc<Event>) {
        self.tell(News::Shown(event.clone()));
        self.hear(News::Shown(event.clone()));
    }

    /// Has every node look again at a user's lines.
    pub fn recheck(&self, user: UserId, what: Recheck) {
        self.tell(News::Recheck(user, what));
        self.hear(News::Recheck(user, what));
    }

    /// Hears `audiences` soon, without waiting: what the first moments miss is found by the sweep. Takes a lock for lines
    /// only: the hub calls it with its own lock on the audience held, so that wishes come in the order of their reasons.
    pub fn follow(&self, audience: Audience) {
        if let Some(redis) = &self.0.redis {
            drop(redis.topics.want(&[audience]));
        }
        self.0.presence.follow(audience);
    }

    /// No longer hears `audience`. As [`Self::follow`], under the hub's lock.
    pub fn unsubscribe(&self, audience: Audience) {
        if let Some(redis) = &self.0.redis {
            redis.topics.let_go(audience);
        }
        self.0.presence.leave(audience);
    }

    /// Waits until other nodes are heard for `audiences`, which are followed already; a quarter of a second at most: then
    /// the sweep stands in.
    pub async fn confirmed(&self, audiences: &[Audience]) {
        if let Some(redis) = &self.0.redis {
            redis.confirmed(audiences).await;
        }
    }

    /// Which of `users` are on the line, on any node.
    pub async fn online(&self, users: &[UserId]) -> Vec<(UserId, bool)> {
        let states = presence::look_up(self, users).await;
        for (user, online) in &states {
            self.show_presence(*user, *online);
        }
        states
    }

    /// Are other nodes heard? Always true on a bus of one.
    pub fn healthy(&self) -> bool {
        self.0.healthy.load(Ordering::Relaxed)
    }

    fn set_healthy(&self, healthy: bool) {
        self.0.healthy.store(healthy, Ordering::Relaxed);
        metrics::gauge!("souk_bus_healthy").set(if healthy { 1.0 } else { 0.0 });
    }

    fn doubt(&self) {
        if let Some(listener) = self.0.listener.get() {
            listener.doubt();
        }
    }

    fn presence(&self) -> &Presence {
        &self.0.presence
    }

    fn wire(&self) -> Option<Wire> {
        self.0.redis.as_ref().and_then(redis::Link::wire)
    }

    fn tell(&self, news: News) {
        if let Some(redis) = &self.0.redis {
            redis.tell(news);
        }
    }

    fn hear(&self, news: News) {
        let Some(listener) = self.0.listener.get() else {
            return;
        };
        match news {
            News::Shown(event) => listener.show(&event),
            News::Recheck(user, what) => listener.recheck(user, what),
            News::Came(user) => self.show_presence(user, true),
            News::Went(user) => self.0.presence.doubt(user),
        }
    }

    fn show_presence(&self, user: UserId, online: bool) {
        if let (Some(event), Some(listener)) =
            (self.0.presence.note(user, online), self.0.listener.get())
        {
            listener.show(&event);
        }
    }
}
