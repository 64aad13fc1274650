//! Where uploads are handed in: so many at a time over all, and so many of one user. Who finds no place is told so before a
//! byte of theirs is read.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    config::Limits,
    error::{Refusal, Result, refused_until},
    id::UserId,
};

/// When it is worth coming again.
const LATER: Duration = Duration::from_secs(1);

/// The places. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    all: Arc<Semaphore>,
    each: usize,
    taken: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    user: UserId,
    taken: Arc<Mutex<HashMap<UserId, usize>>>,
    _of_all: OwnedSemaphorePermit,
}

impl Desk {
    /// `limits.uploads_at_once` places, `limits.uploads_per_user` for each.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.uploads_at_once)),
            each: limits.uploads_per_user,
            taken: Arc::default(),
        }
    }

    /// Takes a place. Refuses with `rate_limited` who has all of theirs, with `overloaded` when there is none.
    pub(super) fn take(&self, user: UserId) -> Result<Place> {
        let mut taken = self.taken.lock();
        let own = taken.get(&user).copied().unwrap_or_default();
        if own >= self.each {
            return Err(refused_until(Refusal::RateLimited, LATER));
        }
        let of_all = Arc::clone(&self.all).try_acquire_owned();
        let of_all = of_all.map_err(|_| refused_until(Refusal::Overloaded, LATER))?;
        taken.insert(user, own + 1);
        Ok(Place {
            user,
            taken: Arc::clone(&self.taken),
            _of_all: of_all,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        let left = taken.get(&self.user).map_or(0, |own| own - 1);
        if left == 0 {
            taken.remove(&self.user);
        } else {
            taken.insert(self.user, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CHAT-09: a full desk takes nobody, somebody's own places do not take others' away, and what is given back is free.
    #[test]
    fn places_are_counted_over_all_and_for_each() {
        let limits = Limits {
            uploads_at_once: 3,
            uploads_per_user: 2,
            ..Limits::default()
        };
        let (desk, ann, bob) = (Desk::new(&limits), UserId::new(), UserId::new());
        let code = |taken: Result<Place>| taken.unwrap_err().refusal();
        let anns = [desk.take(ann).unwrap(), desk.take(ann).unwrap()];
        assert_eq!(code(desk.take(ann)), Some(Refusal::RateLimited));
        let bobs = desk.take(bob).unwrap();
        assert_eq!(code(desk.take(bob)), Some(Refusal::Overloaded));
        drop(anns);
        let again = [desk.take(ann).unwrap(), desk.take(ann).unwrap()];
        drop((bobs, again));
        assert!(desk.taken.lock().is_empty(), "who has gone is forgotten");
    }
}
