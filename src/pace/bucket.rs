//! The token bucket: so many at once, and then so many a second.
//!
//! A bucket is kept as one instant, the time at which it will be full again (GCRA, the generic cell rate algorithm). Each
//! token that is taken moves that instant on by the time in which a new one comes; when it would be further ahead than a
//! whole bucket takes to fill, there is none left. So a bucket never has to be filled, costs 16 bytes, and one that is
//! full can be forgotten.

use std::time::Duration;

use tokio::time::Instant;

/// How fast buckets fill, and how much they hold.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Between two tokens; zero: no limit.
    gap: Duration,
    /// In this time an empty bucket fills.
    depth: Duration,
}

impl Rate {
    /// `per_second` new tokens a second, `burst` in a full bucket (at least one). 0 a second: no limit.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let gap = Duration::from_secs(1)
            .checked_div(per_second)
            .unwrap_or_default();
        Self {
            gap,
            depth: gap.saturating_mul(burst.max(1)),
        }
    }

    /// Is there always a token?
    pub fn unlimited(&self) -> bool {
        self.gap.is_zero()
    }
}

/// One bucket. It always goes by the same [`Rate`].
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// A full one.
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes a token; if there is none, the time until there is one, and nothing has changed.
    pub fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + rate.gap;
        match (full_at - now).checked_sub(rate.depth) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.full_at = full_at;
                Ok(())
            }
        }
    }

    /// Puts a token back that was taken.
    pub fn give_back(&mut self, rate: Rate) {
        self.full_at -= rate.gap;
    }

    /// Is it full, as if nobody had ever taken anything?
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    #[test]
    fn a_burst_then_one_each_gap_and_never_more_than_a_burst() {
        let (rate, now) = (Rate::new(10, 3), Instant::now());
        let mut bucket = Bucket::full(now);
        (0..3).for_each(|_| bucket.take(rate, now).unwrap());
        assert_eq!(bucket.take(rate, now), Err(TENTH));
        assert_eq!(bucket.take(rate, now + TENTH * 3 / 5), Err(TENTH * 2 / 5));
        bucket.take(rate, now + TENTH).unwrap();
        let later = now + TENTH * 4;
        assert!(bucket.is_full(later) && !bucket.is_full(later - TENTH / 2));
        (0..3).for_each(|_| bucket.take(rate, later).unwrap());
        assert_eq!(bucket.take(rate, later), Err(TENTH));
        bucket.give_back(rate);
        bucket.take(rate, later).unwrap();
    }

    #[test]
    fn a_bucket_holds_one_at_least_and_zero_a_second_is_no_limit() {
        let now = Instant::now();
        let mut bucket = Bucket::full(now);
        bucket.take(Rate::new(10, 0), now).unwrap();
        assert_eq!(bucket.take(Rate::new(10, 0), now), Err(TENTH));
        let mut bucket = Bucket::full(now);
        assert!(Rate::new(0, 0).unlimited());
        (0..1_000).for_each(|_| bucket.take(Rate::new(0, 0), now).unwrap());
        assert!(bucket.is_full(now));
    }
}
