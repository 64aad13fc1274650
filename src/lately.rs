//! What was seen lately, in memory, on this node, and never more than so much of it.

use std::{collections::HashSet, hash::Hash, mem::take};

use parking_lot::Mutex;

/// Keys that were seen lately. When it is full, the older half is forgotten.
#[derive(Debug)]
pub struct Lately<K> {
    half: usize,
    seen: Mutex<Halves<K>>,
}

#[derive(Debug)]
struct Halves<K> {
    newer: HashSet<K>,
    older: HashSet<K>,
}

impl<K: Hash + Eq> Lately<K> {
    /// For at most `most` keys (at least two).
    pub fn new(most: usize) -> Self {
        Self {
            half: (most / 2).max(1),
            seen: Mutex::new(Halves {
                newer: HashSet::new(),
                older: HashSet::new(),
            }),
        }
    }

    /// Was it seen lately?
    pub fn has(&self, key: &K) -> bool {
        let seen = self.seen.lock();
        seen.newer.contains(key) || seen.older.contains(key)
    }

    /// It is seen now.
    pub fn see(&self, key: K) {
        let mut seen = self.seen.lock();
        if seen.newer.insert(key) && seen.newer.len() > self.half {
            seen.older = take(&mut seen.newer);
        }
    }

    /// Forgets one.
    pub fn forget(&self, key: &K) {
        let mut seen = self.seen.lock();
        seen.newer.remove(key);
        seen.older.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_what_was_seen_lately_and_never_more_than_it_may() {
        let lately = Lately::new(10);
        for key in 0..100 {
            lately.see(key);
            lately.see(42);
            assert!(lately.has(&key) && lately.has(&42));
            let seen = lately.seen.lock();
            assert!(seen.newer.len() + seen.older.len() <= 11);
        }
        assert!(!lately.has(&1));
        lately.forget(&42);
        assert!(!lately.has(&42));
    }
}
