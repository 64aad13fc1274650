//! The topics that this node wants to hear, and which of them Redis has confirmed.
//!
//! Pure bookkeeping: who wants and who no longer wants never waits; `redis.rs` brings Redis to what is wanted now. Only
//! the last wish about a topic counts, so there is never more to do than there are topics.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
};

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use super::Audience;

/// Wished and confirmed topics.
#[derive(Debug, Default)]
pub(super) struct Topics {
    wishes: Mutex<Wishes>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Wishes {
    wanted: HashMap<Audience, Topic>,
    changes: HashSet<Audience>,
}

/// A wanted topic.
#[derive(Debug)]
enum Topic {
    /// Not confirmed yet; these wait for it.
    Awaited(Vec<mpsc::Sender<Infallible>>),
    /// Redis sends it.
    Heard,
}

impl Topics {
    /// Wants `audiences`. The receiver closes when Redis has confirmed all of them.
    pub(super) fn want(&self, audiences: &[Audience]) -> mpsc::Receiver<Infallible> {
        let (waiting, confirmed) = mpsc::channel(1);
        let mut wishes = self.wishes.lock();
        for audience in audiences {
            wishes.want(*audience, &waiting);
        }
        let changed = !wishes.changes.is_empty();
        drop(wishes);
        if changed {
            self.changed.notify_one();
        }
        confirmed
    }

    /// No longer wants `audience`.
    pub(super) fn let_go(&self, audience: Audience) {
        let mut wishes = self.wishes.lock();
        if wishes.wanted.remove(&audience).is_some() {
            wishes.changes.insert(audience);
        }
        drop(wishes);
        self.changed.notify_one();
    }

    /// A new connection has heard of nothing yet.
    pub(super) fn begin_anew(&self) {
        let mut wishes = self.wishes.lock();
        for topic in wishes.wanted.values_mut() {
            if matches!(topic, Topic::Heard) {
                *topic = Topic::Awaited(vec![]);
            }
        }
        wishes.changes = wishes.wanted.keys().copied().collect();
    }

    /// Up to `most` topics that Redis must be told about, and whether each is wanted. Waits until there is one.
    pub(super) async fn changes(&self, most: usize) -> Vec<(Audience, bool)> {
        loop {
            let changes = self.wishes.lock().take(most);
            if !changes.is_empty() {
                return changes;
            }
            self.changed.notified().await;
        }
    }

    /// Is there nothing left to tell Redis?
    pub(super) fn settled(&self) -> bool {
        self.wishes.lock().changes.is_empty()
    }

    /// Redis sends `audience` from now on.
    pub(super) fn confirm(&self, audience: Audience) {
        if let Some(topic) = self.wishes.lock().wanted.get_mut(&audience) {
            *topic = Topic::Heard;
        }
    }

    /// Redis did not do it, or has taken it back: it must be told again.
    pub(super) fn again(&self, audience: Audience) {
        let mut wishes = self.wishes.lock();
        if let Some(topic @ Topic::Heard) = wishes.wanted.get_mut(&audience) {
            *topic = Topic::Awaited(vec![]);
        }
        wishes.changes.insert(audience);
        drop(wishes);
        self.changed.notify_one();
    }

    /// Is it taken back while it is wanted and was confirmed?
    pub(super) fn hears(&self, audience: Audience) -> bool {
        matches!(self.wishes.lock().wanted.get(&audience), Some(Topic::Heard))
    }

    /// The first of `audiences` that is wanted here: the one whose copy of a bulletin counts.
    pub(super) fn first_wanted(&self, audiences: &[Audience]) -> Option<Audience> {
        let wishes = self.wishes.lock();
        audiences
            .iter()
            .copied()
            .find(|audience| wishes.wanted.contains_key(audience))
    }
}

impl Wishes {
    fn want(&mut self, audience: Audience, waiting: &mpsc::Sender<Infallible>) {
        if !self.wanted.contains_key(&audience) {
            self.changes.insert(audience);
        }
        let topic = self
            .wanted
            .entry(audience)
            .or_insert(Topic::Awaited(vec![]));
        if let Topic::Awaited(list) = topic {
            list.push(waiting.clone());
        }
    }

    fn take(&mut self, most: usize) -> Vec<(Audience, bool)> {
        let taken: Vec<Audience> = self.changes.iter().take(most).copied().collect();
        taken
            .into_iter()
            .map(|audience| {
                self.changes.remove(&audience);
                (audience, self.wanted.contains_key(&audience))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;

    fn user() -> Audience {
        Audience::User(UserId::new())
    }

    #[tokio::test]
    async fn who_waits_is_told_when_all_is_confirmed() {
        let (topics, one, other) = (Topics::default(), user(), user());
        let mut confirmed = topics.want(&[one, other]);
        topics.confirm(one);
        assert!(confirmed.try_recv().is_err() && !confirmed.is_closed());
        topics.confirm(other);
        assert!(confirmed.recv().await.is_none());
        assert!(topics.want(&[one]).recv().await.is_none());
    }

    #[tokio::test]
    async fn only_the_last_wish_counts() {
        let (topics, one) = (Topics::default(), user());
        let _ = topics.want(&[one]);
        topics.let_go(one);
        assert_eq!(topics.changes(9).await, [(one, false)]);
        let _ = topics.want(&[one]);
        topics.let_go(one);
        let _ = topics.want(&[one]);
        assert_eq!(topics.changes(9).await, [(one, true)]);
        assert!(topics.settled());
    }

    #[tokio::test]
    async fn a_new_connection_is_told_everything_again() {
        let (topics, one, gone) = (Topics::default(), user(), user());
        let _ = topics.want(&[one, gone]);
        topics.changes(9).await;
        topics.confirm(one);
        topics.let_go(gone);
        topics.begin_anew();
        assert!(!topics.hears(one));
        assert_eq!(topics.changes(9).await, [(one, true)]);
    }

    #[test]
    fn of_several_copies_the_first_wanted_counts() {
        let (topics, one, other) = (Topics::default(), user(), user());
        let _ = topics.want(&[other]);
        assert_eq!(topics.first_wanted(&[one, other]), Some(other));
        let _ = topics.want(&[one]);
        assert_eq!(topics.first_wanted(&[one, other]), Some(one));
    }
}
