//! What time it is: from the system, or from a hand that a test can move.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};

/// Hands out the time. Cheap to clone; clones share the hand.
#[derive(Clone, Default)]
pub struct Clock {
    /// Milliseconds that a test has moved the hand forward; `None`: the system's clock.
    moved: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// A clock that starts with the system's time and can be moved.
    pub fn movable() -> Self {
        Self {
            moved: Some(Arc::default()),
        }
    }

    /// The time now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    pub fn now(&self) -> Timestamp {
        let moved = self
            .moved
            .as_ref()
            .map_or(0, |moved| moved.load(Ordering::Relaxed));
        Timestamp::now() + SignedDuration::from_millis(moved)
    }

    /// Moves the hand forward. Does nothing to the system's clock.
    pub fn advance(&self, by: SignedDuration) {
        if let Some(moved) = &self.moved {
            moved.fetch_add(
                i64::try_from(by.as_millis()).unwrap_or(i64::MAX),
                Ordering::Relaxed,
            );
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "Clock({})", self.now())
    }
}

/// Milliseconds since 1970, as the contract has times.
pub fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}
