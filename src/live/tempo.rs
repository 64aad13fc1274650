//! How fast one socket may ask.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    config::Limits,
    error::{Refusal, Result, refused_until},
    pace::bucket::{Bucket, Rate},
};

/// A flood is ten times the allowed pace for this long.
const FLOOD: Duration = Duration::from_secs(5);

/// One socket's pace. A limit of zero is none.
#[derive(Debug)]
pub(super) struct Tempo {
    rate: Rate,
    requests: Bucket,
    /// Frames in [`FLOOD`] that are a flood.
    flood: u64,
    frames: u64,
    since: Instant,
    /// Sends have no limit, and are no flood.
    sends_freely: bool,
}

impl Tempo {
    /// The pace that the settings allow.
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let requests = limits.requests_per_second;
        let pace = match requests {
            0 => u64::MAX,
            _ => u64::from(requests) + u64::from(limits.sends_per_second),
        };
        Self {
            rate: Rate::new(requests, requests.saturating_mul(3)),
            requests: Bucket::full(now),
            flood: pace.saturating_mul(10 * FLOOD.as_secs()),
            frames: 0,
            since: now,
            sends_freely: limits.sends_per_second == 0,
        }
    }

    /// A frame has come: a send, or of another kind. False: it is one of a flood.
    pub(super) fn hear(&mut self, send: bool, now: Instant) -> bool {
        if send && self.sends_freely {
            return true;
        }
        if now - self.since > FLOOD {
            (self.since, self.frames) = (now, 0);
        }
        self.frames += 1;
        self.frames <= self.flood
    }

    /// A request that is not a send. Refuses with `rate_limited`.
    pub(super) fn ask(&mut self, now: Instant) -> Result<()> {
        let taken = self.requests.take(self.rate, now);
        taken.map_err(|wait| refused_until(Refusal::RateLimited, wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tempo(requests: u32, sends: u32) -> (Tempo, Instant) {
        let (mut limits, now) = (Limits::default(), Instant::now());
        (limits.requests_per_second, limits.sends_per_second) = (requests, sends);
        (Tempo::new(&limits, now), now)
    }

    #[test]
    fn three_seconds_worth_at_once_then_the_pace() {
        let (mut tempo, now) = tempo(10, 1);
        (0..30).for_each(|_| tempo.ask(now).unwrap());
        let refused = tempo.ask(now).unwrap_err();
        assert_eq!(refused.refusal(), Some(Refusal::RateLimited));
        assert_eq!(refused.to_refused().retry_after_ms, 100);
        let later = now + Duration::from_millis(100);
        tempo.ask(later).unwrap();
        tempo.ask(later).unwrap_err();
    }

    #[test]
    fn ten_times_the_pace_for_five_seconds_is_a_flood() {
        let (mut tempo, now) = tempo(10, 10);
        assert!((0..1_000).all(|place| tempo.hear(place % 2 == 0, now)));
        assert!(!tempo.hear(true, now) && !tempo.hear(false, now));
        assert!(tempo.hear(true, now + Duration::from_secs(6)));
    }

    #[test]
    fn zero_is_no_limit() {
        let (mut tempo, now) = tempo(0, 0);
        (0..100_000).for_each(|_| tempo.ask(now).unwrap());
        assert!((0..100_000).all(|place| tempo.hear(place % 2 == 0, now)));
    }
}
