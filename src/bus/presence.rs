//! Who is on the line, on any node. Never stored in Postgres.
//!
//! With Redis each user has a set of the nodes they are on, and each node a key that expires soon after it stops renewing
//! it: a node that dies takes all of its people off the line at once, and what it left in the sets is not believed. Whoever
//! comes or goes is told to those who watch ([`Audience::Watchers`]); besides, each node asks again every few seconds for
//! those whom its people watch. Without Redis, people on this node are known and nobody else.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use ::redis::{Cmd, RedisResult, cmd};
use parking_lot::Mutex;
use proto::{Presence as State, PresenceChanged, push};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{Audience, Bus, bulletin::News, wire::Wire};
use crate::{
    event::Event,
    id::{NodeId, UserId},
};

/// People whose coming and going is written with one round trip.
const BATCH: usize = 512;
/// A user's set is forgotten this many seconds after the last node wrote to it; nodes write in a third of it.
const SET_SECONDS: u64 = 3_600;

/// What this node knows.
#[derive(Debug, Default)]
pub(super) struct Presence {
    known: Mutex<Known>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Known {
    /// Who is on the line here.
    here: HashSet<UserId>,
    /// Came or went here, and Redis does not know it yet.
    moved: HashSet<UserId>,
    /// Whom somebody here watches, and what they were told last.
    watched: HashMap<UserId, Option<bool>>,
    /// Watched, and perhaps not any more as they were told.
    doubted: HashSet<UserId>,
}

impl Presence {
    /// This audience has its first line here.
    pub(super) fn follow(&self, audience: Audience) {
        let mut known = self.known.lock();
        match audience {
            Audience::User(user) => {
                known.here.insert(user);
                known.moved.insert(user);
            }
            Audience::Watchers(user) => {
                known.watched.entry(user).or_default();
            }
            _ => return,
        }
        drop(known);
        self.changed.notify_one();
    }

    /// This audience has no line here any more.
    pub(super) fn leave(&self, audience: Audience) {
        let mut known = self.known.lock();
        match audience {
            Audience::User(user) => {
                known.here.remove(&user);
                known.moved.insert(user);
            }
            Audience::Watchers(user) => {
                known.watched.remove(&user);
            }
            _ => return,
        }
        drop(known);
        self.changed.notify_one();
    }

    /// Redis may know nothing, or nothing any more.
    pub(super) fn announce_all(&self) {
        let mut known = self.known.lock();
        let here = known.here.clone();
        known.moved.extend(here);
        known.doubted = known.watched.keys().copied().collect();
        drop(known);
        self.changed.notify_one();
    }

    /// Another node says that somebody left it; they may still be on a third one.
    pub(super) fn doubt(&self, user: UserId) {
        let mut known = self.known.lock();
        if known.watched.contains_key(&user) {
            known.doubted.insert(user);
        }
        drop(known);
        self.changed.notify_one();
    }

    /// Notes how it is; gives what those who watch must be shown, if they were told otherwise.
    pub(super) fn note(&self, user: UserId, online: bool) -> Option<std::sync::Arc<Event>> {
        let mut known = self.known.lock();
        let told = known.watched.get_mut(&user)?.replace(online)?;
        drop(known);
        (told != online).then(|| {
            let presence = Some(State {
                user_id: user.to_string(),
                online,
            });
            let changed = PresenceChanged { presence };
            Event::passing(
                vec![Audience::Watchers(user)],
                push::Event::PresenceChanged(changed),
            )
        })
    }

    fn is_here(&self, user: UserId) -> bool {
        self.known.lock().here.contains(&user)
    }

    /// Up to a batch of those who came (true) or went (false).
    fn take_moved(&self) -> Vec<(UserId, bool)> {
        let mut known = self.known.lock();
        let users: Vec<UserId> = known.moved.iter().take(BATCH).copied().collect();
        users
            .into_iter()
            .map(|user| {
                known.moved.remove(&user);
                (user, known.here.contains(&user))
            })
            .collect()
    }

    fn take_doubted(&self) -> Vec<UserId> {
        self.known.lock().doubted.drain().collect()
    }

    fn doubt_all(&self) {
        let mut known = self.known.lock();
        known.doubted = known.watched.keys().copied().collect();
    }
}

/// How long nodes are believed, and how often they are asked.
#[derive(Clone, Copy, Debug)]
struct Rhythm {
    beat: Duration,
    node_ms: u64,
}

/// Keeps presence until the server stops: `beat` is the time between two looks at those who are watched. A node that
/// dies is noticed within four of them.
pub(super) async fn keep(bus: Bus, beat: Duration, stop: CancellationToken) {
    let rhythm = Rhythm {
        beat,
        node_ms: u64::try_from(beat.as_millis()).unwrap_or(u64::MAX) * 3,
    };
    let mut beats = interval(rhythm.beat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut announced = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return farewell(&bus).await,
            () = bus.presence().changed.notified() => {}
            _ = beats.tick() => {
                bus.presence().doubt_all();
                if announced.elapsed() > Duration::from_secs(SET_SECONDS / 3) {
                    announced = Instant::now();
                    bus.presence().announce_all();
                }
            }
        }
        if let Err(error) = announce(&bus, rhythm).await {
            tracing::debug!(%error, "presence is announced again when Redis is back");
        }
        settle(&bus).await;
    }
}

/// This node is alive, and these have come or gone.
async fn announce(bus: &Bus, rhythm: Rhythm) -> RedisResult<()> {
    let wire = bus.wire();
    if let Some(wire) = &wire {
        let mut alive = cmd("SET");
        alive
            .arg(node_key(bus.node()))
            .arg(1)
            .arg("PX")
            .arg(rhythm.node_ms);
        wire.ask::<()>(&alive).await?;
    }
    loop {
        let moved = bus.presence().take_moved();
        if moved.is_empty() {
            return Ok(());
        }
        if let Some(wire) = &wire {
            let commands: Vec<Cmd> = moved
                .iter()
                .flat_map(|(user, here)| write_down(bus.node(), *user, *here))
                .collect();
            wire.ask_all::<i64>(&commands).await?;
        }
        for (user, here) in moved {
            bus.tell(if here {
                News::Came(user)
            } else {
                News::Went(user)
            });
            bus.presence().doubt(user);
        }
    }
}

fn write_down(node: NodeId, user: UserId, here: bool) -> Vec<Cmd> {
    let set = user_key(user);
    let (mut change, mut keep) = (cmd(if here { "SADD" } else { "SREM" }), cmd("EXPIRE"));
    change.arg(&set).arg(node.to_string());
    keep.arg(&set).arg(SET_SECONDS);
    if here {
        vec![change, keep]
    } else {
        vec![change]
    }
}

/// Looks up those who are in doubt, and tells those who watch them.
async fn settle(bus: &Bus) {
    for users in bus.presence().take_doubted().chunks(BATCH) {
        for (user, online) in look_up(bus, users).await {
            bus.show_presence(user, online);
        }
    }
}

/// Who of `users` is on the line. Whom Redis cannot tell about is, if they are here.
pub(super) async fn look_up(bus: &Bus, users: &[UserId]) -> Vec<(UserId, bool)> {
    let elsewhere: Vec<UserId> = users
        .iter()
        .copied()
        .filter(|user| !bus.presence().is_here(*user))
        .collect();
    let found = match bus.wire() {
        Some(wire) => ask(&wire, bus.node(), &elsewhere).await.unwrap_or_default(),
        None => HashSet::new(),
    };
    users
        .iter()
        .map(|user| (*user, found.contains(user) || bus.presence().is_here(*user)))
        .collect()
}

/// Who is on a node that is alive. What this node's own entries say is not asked: it knows better.
async fn ask(wire: &Wire, own: NodeId, users: &[UserId]) -> RedisResult<HashSet<UserId>> {
    let sets: Vec<Cmd> = users
        .iter()
        .map(|user| one("SMEMBERS", &user_key(*user)))
        .collect();
    let nodes: Vec<Vec<String>> = wire.ask_all(&sets).await?;
    let own = own.to_string();
    let all: Vec<&String> = nodes
        .iter()
        .flatten()
        .filter(|node| **node != own)
        .collect::<HashSet<_>>()
        .into_iter()
        .collect();
    let keys: Vec<Cmd> = all
        .iter()
        .map(|node| one("EXISTS", &format!("souk:node:{node}")))
        .collect();
    let alive: Vec<bool> = wire.ask_all(&keys).await?;
    let alive: HashSet<&String> = all
        .into_iter()
        .zip(alive)
        .filter_map(|(node, alive)| alive.then_some(node))
        .collect();
    let online = users
        .iter()
        .zip(&nodes)
        .filter(|(_, nodes)| nodes.iter().any(|node| alive.contains(node)));
    Ok(online.map(|(user, _)| *user).collect())
}

/// A node that stops takes its key along, so that nobody waits for its expiry.
async fn farewell(bus: &Bus) {
    if let Some(wire) = bus.wire() {
        let _ = wire.ask::<i64>(&one("DEL", &node_key(bus.node()))).await;
    }
}

fn one(verb: &str, key: &str) -> Cmd {
    let mut command = cmd(verb);
    command.arg(key);
    command
}

fn node_key(node: NodeId) -> String {
    format!("souk:node:{node}")
}

fn user_key(user: UserId) -> String {
    format!("souk:online:{user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_watches_is_told_once_and_only_of_changes() {
        let (presence, user) = (Presence::default(), UserId::new());
        assert!(presence.note(user, true).is_none());
        presence.follow(Audience::Watchers(user));
        assert!(presence.note(user, true).is_none());
        assert!(presence.note(user, true).is_none());
        assert!(presence.note(user, false).is_some());
        presence.leave(Audience::Watchers(user));
        assert!(presence.note(user, true).is_none());
    }

    #[test]
    fn of_comings_and_goings_only_the_last_is_announced() {
        let (presence, user) = (Presence::default(), UserId::new());
        presence.follow(Audience::User(user));
        presence.leave(Audience::User(user));
        assert_eq!(presence.take_moved(), [(user, false)]);
        presence.follow(Audience::User(user));
        presence.take_moved();
        presence.announce_all();
        assert_eq!(presence.take_moved(), [(user, true)]);
    }
}
