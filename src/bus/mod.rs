//! One node telling the others.
//!
//! A node shows an event to its own people at once and, when Redis is there, tells the other nodes by sharded
//! pub/sub, one topic an audience. Redis only wakes nodes up: what it loses is found again in Postgres by `job/sweep.rs`.

mod audience;
mod redis;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

pub use audience::Audience;

use crate::{
    event::Event,
    id::{NodeId, UserId},
    shutdown::Shutdown,
};

/// What a node hears, from itself and from others.
pub trait Listener: Send + Sync {
    /// Show this to the people on this node. Must not block.
    fn show(&self, event: &Arc<Event>);
    /// A user's sessions or rights changed.
    fn look_again(&self, user: UserId);
    /// Something may have been missed: compare with Postgres.
    fn doubt(&self);
}

/// The way to everybody's screens. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    node: NodeId,
    listener: OnceLock<Arc<dyn Listener>>,
    redis: Option<redis::Link>,
    healthy: AtomicBool,
}

impl Bus {
    /// A bus of one node.
    pub fn local() -> Self {
        Self::with(NodeId::new(), None)
    }

    /// A bus over Redis 7 or newer at `url` (several nodes of a cluster separated by commas). Does not wait for Redis.
    pub fn redis(url: &str, shutdown: &Shutdown) -> anyhow::Result<Self> {
        let node = NodeId::new();
        let (link, wiring) = redis::Link::new(node, url)?;
        let bus = Self::with(node, Some(link));
        bus.0.healthy.store(false, Ordering::Relaxed);
        shutdown.spawn(wiring.run(bus.clone(), shutdown.clone()));
        Ok(bus)
    }

    fn with(node: NodeId, redis: Option<redis::Link>) -> Self {
        Self(Arc::new(Inner {
            node,
            listener: OnceLock::new(),
            redis,
            healthy: AtomicBool::new(true),
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
        if let Some(redis) = &self.0.redis {
            redis.publish(event);
        }
        self.hear(event);
    }

    /// Tells every node that a user's sessions or rights changed.
    pub fn look_again(&self, user: UserId) {
        if let Some(redis) = &self.0.redis {
            redis.look_again(user);
        }
        if let Some(listener) = self.0.listener.get() {
            listener.look_again(user);
        }
    }

    /// Hears `audience` from other nodes from now on. Returns when Redis has confirmed it, or after a quarter of a
    /// second without: then the sweep stands in.
    pub async fn subscribe(&self, audiences: &[Audience]) {
        if let Some(redis) = &self.0.redis {
            redis.subscribe(audiences).await;
        }
    }

    /// Hears `audience` soon, without waiting: what the first moments miss is found by the sweep.
    pub fn follow(&self, audience: Audience) {
        if let Some(redis) = &self.0.redis {
            redis.follow(audience);
        }
    }

    /// No longer hears `audience`.
    pub fn unsubscribe(&self, audience: Audience) {
        if let Some(redis) = &self.0.redis {
            redis.unsubscribe(audience);
        }
    }

    /// Are other nodes heard? Always true on a bus of one.
    pub fn healthy(&self) -> bool {
        self.0.healthy.load(Ordering::Relaxed)
    }

    fn hear(&self, event: &Arc<Event>) {
        if let Some(listener) = self.0.listener.get() {
            listener.show(event);
        }
    }
}
