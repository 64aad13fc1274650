//! How much is done for somebody at once: a few places for each key, in memory, on this node.
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
    /// `each` places (at least one) for every key.
    pub fn new(each: usize) -> Arc<Self> {
        Arc::new(Self {
            each: each.max(1),
            taken: DashMap::new(),
        })
    }

    /// Waits for a place, first come, first served. Refuses with `overloaded` after five seconds.
    pub async fn take(self: &Arc<Self>, key: K) -> Result<Place<K>> {
        let own = self.taken.entry(key.clone());
        let own = own
            .or_insert_with(|| Arc::new(Semaphore::new(self.each)))
            .clone();
        let mut place = Place {
            permit: None,
            key,
            places: self.clone(),
        };
        match timeout(PATIENCE, own.acquire_owned()).await {
            Ok(Ok(permit)) => {
                place.permit = Some(permit);
                Ok(place)
            }
            _ => Err(refused_until(Refusal::Overloaded, Duration::from_secs(1))),
        }
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
    async fn whoever_has_nothing_under_way_is_forgotten() {
        let places = Places::new(1);
        let first = places.take("ann").await.unwrap();
        assert!(places.take("ann").await.is_err());
        assert_eq!(places.taken.len(), 1);
        drop(first);
        assert!(places.taken.is_empty());
    }
}
