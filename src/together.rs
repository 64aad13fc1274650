//! Who ask for the same thing at the same time are answered in one work: while one batch of them is served, the next one gathers. Nobody
//! waits for company: who comes alone is served at once.

use std::{hash::Hash, sync::Arc};

use dashmap::{DashMap, mapref::entry::Entry};

use crate::error::{Refusal, Result, refused_until};
use crate::places::PATIENCE;

/// What was asked for each thing and is not served yet, in memory, on this node.
#[derive(Debug)]
pub struct Together<K: Hash + Eq, A> {
    /// How many are served at once.
    batch: usize,
    /// How many wait at the most.
    line: usize,
    /// Only things at which somebody is served.
    waiting: DashMap<K, Vec<A>>,
}

/// The one who serves those who ask for a thing. Dropped before its end, it forgets them: dropping what they asked tells them.
#[derive(Debug)]
#[must_use = "whoever lined up waits for it"]
pub struct Service<K: Hash + Eq + Clone, A> {
    together: Arc<Together<K, A>>,
    thing: K,
    over: bool,
}

impl<K: Hash + Eq + Clone, A> Together<K, A> {
    /// Serves `batch` of them at once (at least one), and lets so many wait.
    pub fn new(batch: usize, line: usize) -> Arc<Self> {
        Arc::new(Self {
            batch: batch.max(1),
            line,
            waiting: DashMap::new(),
        })
    }

    /// Lines up. Gives the service where nobody is served yet: the caller sees to it that it runs. Refuses with `overloaded` who finds the
    /// line full.
    pub fn ask(self: &Arc<Self>, thing: K, ask: A) -> Result<Option<Service<K, A>>> {
        match self.waiting.entry(thing) {
            Entry::Occupied(line) if line.get().len() >= self.line => {
                Err(refused_until(Refusal::Overloaded, PATIENCE))
            }
            Entry::Occupied(mut line) => {
                line.get_mut().push(ask);
                Ok(None)
            }
            Entry::Vacant(nobody) => {
                let thing = nobody.key().clone();
                nobody.insert(vec![ask]);
                Ok(Some(Service {
                    together: self.clone(),
                    thing,
                    over: false,
                }))
            }
        }
    }
}

impl<K: Hash + Eq + Clone, A> Service<K, A> {
    /// Those who are served next, in the order in which they came. `None`: nobody waits, and whoever comes now finds nobody served.
    pub fn next_batch(&mut self) -> Option<Vec<A>> {
        match self.together.waiting.entry(self.thing.clone()) {
            Entry::Occupied(mut line) if !line.get().is_empty() => {
                let most = self.together.batch.min(line.get().len());
                Some(line.get_mut().drain(..most).collect())
            }
            Entry::Occupied(line) => {
                line.remove();
                self.over = true;
                None
            }
            Entry::Vacant(_) => None,
        }
    }
}

impl<K: Hash + Eq + Clone, A> Drop for Service<K, A> {
    fn drop(&mut self) {
        if !self.over {
            self.together.waiting.remove(&self.thing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One serves, the others gather in their order; after the last one somebody else begins.
    #[test]
    fn those_who_come_meanwhile_are_the_next_batch() {
        let together = Together::new(2, 10);
        let mut service = together.ask("cake", 1).unwrap().unwrap();
        assert_eq!(service.next_batch(), Some(vec![1]));
        for ask in 2..=4 {
            assert!(together.ask("cake", ask).unwrap().is_none());
        }
        assert!(together.ask("dress", 9).unwrap().is_some());
        assert_eq!(service.next_batch(), Some(vec![2, 3]));
        assert_eq!(service.next_batch(), Some(vec![4]));
        assert_eq!(service.next_batch(), None);
        let another = together.ask("cake", 5).unwrap();
        drop(service);
        assert_eq!(another.unwrap().next_batch(), Some(vec![5]));
    }

    /// The line is bounded.
    #[test]
    fn who_finds_the_line_full_is_refused() {
        let together = Together::new(1, 1);
        let _service = together.ask("cake", 1).unwrap().unwrap();
        let refused = together.ask("cake", 2).unwrap_err();
        assert_eq!(refused.refusal(), Some(Refusal::Overloaded));
    }

    /// Where the service breaks, those who wait are let go, and whoever comes next begins anew.
    #[test]
    fn a_service_that_breaks_lets_everybody_go() {
        let together = Together::new(1, 10);
        let service = together.ask("cake", Arc::new(1)).unwrap().unwrap();
        let ask = Arc::new(2);
        assert!(together.ask("cake", ask.clone()).unwrap().is_none());
        drop(service);
        assert_eq!(Arc::strong_count(&ask), 1);
        assert!(together.ask("cake", ask).unwrap().is_some());
    }
}
