//! Who is on the line, on any node. Never stored in Postgres.
//!
//! With Redis, nodes keep a common roll (`roll.rs`). Whoever comes or goes is told to those who watch
//! ([`Audience::Watchers`]); besides, each node looks up every few seconds those whom its people watch, so that a lost
//! word or a dead node misleads nobody for long. Without Redis, people on this node are known and nobody else.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use ::redis::RedisResult;
use parking_lot::Mutex;
use proto::{Presence as State, PresenceChanged, push};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    Audience, Bus,
    bulletin::News,
    roll::{Roll, SET_LIFE},
};
use crate::{
    event::Event,
    id::{NodeId, UserId},
};

/// People whose coming and going is written with one round trip.
const BATCH: usize = 512;

/// What this node knows.
#[derive(Debug, Default)]
pub(super) struct Presence {
    known: Mutex<Known>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Known {
    /// This node's name on the roll.
    name: NodeId,
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

    /// The roll may be lost, or hold somebody who went meanwhile: this node begins anew, under another name.
    pub(super) fn begin_anew(&self) {
        let mut known = self.known.lock();
        known.name = NodeId::new();
        drop(known);
        self.announce_all();
    }

    fn announce_all(&self) {
        let mut known = self.known.lock();
        let here = known.here.clone();
        known.moved.extend(here);
        drop(known);
        self.doubt_all();
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

    fn name(&self) -> NodeId {
        self.known.lock().name
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

/// Keeps presence until the server stops: `beat` is the time between two looks at those who are watched. A node that
/// dies is noticed within four of them.
pub(super) async fn keep(bus: Bus, beat: Duration, stop: CancellationToken) {
    let mut beats = interval(beat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut announced = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = bus.presence().changed.notified() => {}
            _ = beats.tick() => {
                bus.presence().doubt_all();
                if announced.elapsed() > SET_LIFE / 3 {
                    announced = Instant::now();
                    bus.presence().announce_all();
                }
            }
        }
        if let Err(error) = announce(&bus, beat * 3).await {
            tracing::debug!(%error, "the roll was not written; it is begun anew when Redis is back");
            bus.presence().begin_anew();
            sleep(Duration::from_millis(100)).await;
        }
        settle(&bus).await;
    }
    if let Some(roll) = roll(&bus) {
        let _ = roll.resign().await;
    }
}

fn roll(bus: &Bus) -> Option<Roll> {
    let name = bus.presence().name();
    bus.wire().map(|wire| Roll { wire, name })
}

/// This node is alive, and these have come or gone.
async fn announce(bus: &Bus, life: Duration) -> RedisResult<()> {
    let roll = roll(bus);
    if let Some(roll) = &roll {
        roll.renew(life).await?;
    }
    loop {
        let moved = bus.presence().take_moved();
        if moved.is_empty() {
            return Ok(());
        }
        if let Some(roll) = &roll {
            roll.write(&moved).await?;
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

/// Looks up those who are in doubt, and tells those who watch them.
async fn settle(bus: &Bus) {
    for users in bus.presence().take_doubted().chunks(BATCH) {
        for (user, online) in look_up(bus, users).await {
            bus.show_presence(user, online);
        }
    }
}

/// Who of `users` is on the line. About whom Redis cannot tell, this node knows only its own.
pub(super) async fn look_up(bus: &Bus, users: &[UserId]) -> Vec<(UserId, bool)> {
    let here = |user: &UserId| bus.presence().is_here(*user);
    let others: Vec<UserId> = users.iter().copied().filter(|user| !here(user)).collect();
    let elsewhere = match roll(bus) {
        Some(roll) => roll.elsewhere(&others).await.unwrap_or_default(),
        None => HashSet::new(),
    };
    users
        .iter()
        .map(|user| (*user, elsewhere.contains(user) || here(user)))
        .collect()
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
        presence.begin_anew();
        assert_eq!(presence.take_moved(), [(user, true)]);
    }
}
