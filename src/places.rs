//! How much is done for somebody at once: a few places for each key, in memory, on this node, and a line before them.
//!
//! A pace says how often somebody may ask; places say how much of that is under way. Whoever asks for what takes long
//! waits for their own work, and not everybody else for theirs.

use std::{hash::Hash, sync::Arc, time::Duration};

use dashmap::DashMap;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::{Refusal, Result, refused_until};

/// How long somebody waits for a place.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// So many places for each key.
#[derive(Debug)]
pub struct Places<K: Hash + Eq> {
    each: usize,
    /// How many wait for them at the most.
    line: usize,
    patience: Duration,
    /// Only those who have or want a place.
    taken: DashMap<K, Arc<Semaphore>>,
}

/// A place, given back when dropped.
#[derive(Debug)]
#[must_use = "dropping the place gives it back"]
pub struct Place<K: Hash + Eq> {
    permit: Option<OwnedSemaphorePermit>,
    key: K,
    places: Arc<Places<K>>,
}

impl<K: Hash + Eq + Clone> Places<K> {
    /// `each` places (at least one) for every key, and a line as long as it may be, for [`PATIENCE`].
    pub fn new(each: usize) -> Arc<Self> {
        Self::with_line(each, usize::MAX, PATIENCE)
    }

    /// The same with a `line` of so many, in which nobody waits for longer than `patience`.
    pub fn with_line(each: usize, line: usize, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            each: each.max(1),
            line,
            patience,
            taken: DashMap::new(),
        })
    }

    /// Waits for a place, first come, first served. Refuses with `overloaded` whoever has waited for too long, and at once, until
    /// all who wait now will be served or gone, who finds the line full.
    pub async fn take(self: &Arc<Self>, key: K) -> Result<Place<K>> {
        let own = self.line_up(&key)?;
        let mut place = Place {
            permit: None,
            key,
            places: self.clone(),
        };
        match timeout(self.patience, own.acquire_owned()).await {
            Ok(Ok(permit)) => {
                place.permit = Some(permit);
                Ok(place)
            }
            _ => Err(refused_until(Refusal::Overloaded, Duration::from_secs(1))),
        }
    }

    /// Joins those who have or want a place. Each of them holds on to the semaphore once, besides the entry, and nobody can begin to
    /// while its entry is locked: there are never more of them than there may be.
    fn line_up(&self, key: &K) -> Result<Arc<Semaphore>> {
        let own = self.taken.entry(key.clone());
        let own = own.or_insert_with(|| Arc::new(Semaphore::new(self.each)));
        if Arc::strong_count(&own) > self.each.saturating_add(self.line) {
            return Err(refused_until(Refusal::Overloaded, self.patience));
        }
        Ok(own.clone())
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        drop(self.permit.take());
        // Whoever has or wants a place holds on to the semaphore; nobody can begin to while its entry is locked.
        self.places
            .taken
            .remove_if(&self.key, |_, own| Arc::strong_count(own) == 1);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_has_their_own_and_waits_for_them_in_turn() {
        let places = Places::new(2);
        let first = places.take("ann").await.unwrap();
        let _second = places.take("ann").await.unwrap();
        let _other = places.take("bob").await.unwrap();
        let mut third = pin!(places.take("ann"));
        assert!(poll!(third.as_mut()).is_pending());
        drop(first);
        let _third = third.await.unwrap();
        let refused = places.take("ann").await.unwrap_err();
        assert_eq!(refused.refusal(), Some(Refusal::Overloaded));
        assert_eq!(refused.to_refused().retry_after_ms, 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_has_an_end() {
        let places = Places::with_line(1, 2, Duration::from_secs(9));
        let first = places.take("ann").await.unwrap();
        let (mut second, mut third) = (pin!(places.take("ann")), pin!(places.take("ann")));
        assert!(poll!(second.as_mut()).is_pending() && poll!(third.as_mut()).is_pending());
        let refused = places.take("ann").await.unwrap_err();
        assert_eq!(refused.refusal(), Some(Refusal::Overloaded));
        assert_eq!(refused.to_refused().retry_after_ms, 9_000);
        let _other = places.take("bob").await.unwrap();
        drop(first);
        let _second = second.await.unwrap();
        let mut fourth = pin!(places.take("ann"));
        assert!(poll!(fourth.as_mut()).is_pending(), "there is room again");
        assert!(third.await.is_err(), "and patience ends");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_nothing_under_way_is_forgotten() {
        let places = Places::new(1);
        let first = places.take("ann").await.unwrap();
        assert!(places.take("ann").await.is_err());
        assert_eq!(places.taken.len(), 1);
        drop(first);
        assert!(places.taken.is_empty());
    }
}
