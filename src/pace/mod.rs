//! How fast somebody may go: a token bucket ([`bucket`]) for each key, in memory, on this node.
//!
//! A full bucket needs no memory: whoever has not asked for a while is forgotten, so there are never more entries than keys
//! that have asked lately.

pub mod bucket;

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::atomic::{AtomicUsize, Ordering},
};

use dashmap::DashMap;
use tokio::time::Instant;

use self::bucket::{Bucket, Rate};
use crate::{
    config::Limits,
    error::{Refusal, Result, refused_until},
    id::{ShopId, UserId},
    lately::Lately,
};

/// So many entries are not worth tidying up.
const FEW: usize = 1_024;
/// Good tokens that a node remembers, 32 bytes each.
const KNOWN: usize = 65_536;

/// A token bucket for each key.
#[derive(Debug)]
pub struct Pace<K: Hash + Eq> {
    rate: Rate,
    buckets: DashMap<K, Bucket>,
    /// Tidies up when there are more entries than this.
    crowd: AtomicUsize,
}

impl<K: Hash + Eq> Pace<K> {
    /// Buckets that hold `burst` tokens (at least one) and get `per_second` new ones a second; 0: no limit.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self {
            rate: Rate::new(per_second, burst),
            buckets: DashMap::new(),
            crowd: AtomicUsize::new(FEW),
        }
    }

    /// Takes a token. Refuses with `rate_limited` and the time until there is one.
    pub fn take(&self, key: K) -> Result<()> {
        if self.rate.unlimited() {
            return Ok(());
        }
        let now = Instant::now();
        let taken = self
            .buckets
            .entry(key)
            .or_insert_with(|| Bucket::full(now))
            .take(self.rate, now);
        self.forget_the_full(now);
        taken.map_err(|wait| refused_until(Refusal::RateLimited, wait))
    }

    /// Gives a token back that was taken: it was not what the pace is against.
    pub fn give_back(&self, key: &K) {
        if let Some(mut bucket) = self.buckets.get_mut(key) {
            bucket.give_back(self.rate);
        }
    }

    /// Now and then, when the entries have doubled.
    fn forget_the_full(&self, now: Instant) {
        if self.buckets.len() <= self.crowd.load(Ordering::Relaxed) {
            return;
        }
        self.buckets.retain(|_, bucket| !bucket.is_full(now));
        let crowd = (self.buckets.len() * 2).max(FEW);
        self.crowd.store(crowd, Ordering::Relaxed);
    }
}

/// How fast who may ask over REST.
#[derive(Debug)]
pub struct Paces {
    /// One token, by its hash, before it is known whose it is.
    pub tokens: Pace<[u8; 32]>,
    /// One person, whatever their token.
    pub people: Pace<UserId>,
    /// One bot.
    pub bots: Pace<UserId>,
    /// Whoever has no good token, by address.
    pub strangers: Pace<IpAddr>,
    /// Tokens, by their hashes, that were good lately: who has one is no stranger before the database has said so.
    pub known: Lately<[u8; 32]>,
    /// Log-ins that one shop has signed.
    pub visits: Pace<ShopId>,
    /// Those of one of its users, by a hash of the shop's id of them.
    pub visitors: Pace<(ShopId, [u8; 32])>,
}

impl Paces {
    /// As the settings have them.
    pub fn new(limits: &Limits) -> Self {
        fn pace<K: Hash + Eq>(per_second: u32, seconds_at_once: u32) -> Pace<K> {
            Pace::new(per_second, per_second.saturating_mul(seconds_at_once))
        }
        let people = limits.rest_requests_per_second;
        Self {
            tokens: pace(people, 3),
            people: pace(people, 3),
            bots: pace(limits.bot_requests_per_second, 3),
            strangers: pace(limits.stranger_requests_per_second, 5),
            known: Lately::new(KNOWN),
            visits: pace(limits.visits_per_second, 10),
            visitors: pace(limits.visits_per_visitor, 10),
        }
    }
}

/// Under which key an address is counted: IPv4 alone, IPv6 by its /64, which is what one subscriber is given.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;
    use crate::error::Error;

    fn wait(result: Result<()>) -> Duration {
        match result {
            Err(Error::Refused(reason)) if reason.code == Refusal::RateLimited => {
                reason.retry_after.expect("says when to come again")
            }
            other => panic!("expected `rate_limited`, got {other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_one_token_each_gap() {
        let pace = Pace::new(10, 3);
        for _ in 0..3 {
            pace.take("ann").unwrap();
        }
        assert_eq!(wait(pace.take("ann")), Duration::from_millis(100));
        pace.take("bob").unwrap();

        advance(Duration::from_millis(60)).await;
        assert_eq!(wait(pace.take("ann")), Duration::from_millis(40));
        advance(Duration::from_millis(40)).await;
        pace.take("ann").unwrap();
        assert_eq!(wait(pace.take("ann")), Duration::from_millis(100));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_can_be_taken_again() {
        let pace = Pace::new(1, 1);
        pace.take("ann").unwrap();
        pace.give_back(&"ann");
        pace.take("ann").unwrap();
        wait(pace.take("ann"));
        pace.give_back(&"bob");
        pace.take("bob").unwrap();
        wait(pace.take("bob"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_never_holds_more_than_its_burst() {
        let pace = Pace::new(10, 2);
        pace.take(1).unwrap();
        advance(Duration::from_hours(1)).await;
        pace.take(1).unwrap();
        pace.take(1).unwrap();
        wait(pace.take(1));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_long_gone_is_forgotten() {
        let pace = Pace::new(1, 1);
        for key in 0..FEW {
            pace.take(key).unwrap();
        }
        assert_eq!(pace.buckets.len(), FEW);
        advance(Duration::from_secs(2)).await;
        pace.take(FEW).unwrap();
        assert_eq!(pace.buckets.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn zero_is_no_limit() {
        let pace = Pace::new(0, 1);
        (0..1_000).for_each(|_| pace.take("ann").unwrap());
        assert!(pace.buckets.is_empty());
    }
}
