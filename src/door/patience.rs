//! How long we wait for a peer to go on sending, or to go on reading what we send.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;

/// A budget of waiting: waiting spends it, every byte that moves gives a little back, up to the whole.
///
/// So a peer may stand still for [`Limits::stall`], once, and in the long run must keep [`Limits::bytes_per_second`]: one
/// byte now and then buys nothing. Only time in which we wait for the peer counts, not what we take ourselves.
#[derive(Debug)]
pub(super) struct Patience {
    most: Duration,
    bytes_per_second: u32,
    left: Duration,
    since: Option<Instant>,
    end: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// The whole budget.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most: limits.stall,
            bytes_per_second: limits.bytes_per_second.get(),
            left: limits.stall,
            since: None,
            end: None,
        }
    }

    /// Nothing moves. Ready when the budget is spent.
    pub(super) fn poll_spent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            self.set_end(now + self.left);
        }
        match &mut self.end {
            Some(end) => end.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    fn set_end(&mut self, at: Instant) {
        match &mut self.end {
            Some(end) => end.as_mut().reset(at),
            None => self.end = Some(Box::pin(sleep_until(at))),
        }
    }

    /// So many bytes have moved: we wait no more.
    pub(super) fn moved(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1)
            .saturating_mul(bytes)
            .checked_div(self.bytes_per_second);
        let left = self.left.saturating_add(earned.unwrap_or(self.most));
        self.left = left.min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::num::NonZeroU32;

    use tokio::time::advance;

    use super::*;

    fn patience() -> Patience {
        Patience::new(&Limits {
            stall: Duration::from_secs(30),
            bytes_per_second: NonZeroU32::new(1_000).unwrap(),
            ..Limits::default()
        })
    }

    /// Waits so long for so many bytes; false if the budget was spent before.
    async fn waited(patience: &mut Patience, seconds: u64, bytes: usize) -> bool {
        let spent = poll_fn(|cx| Poll::Ready(patience.poll_spent(cx).is_ready())).await;
        advance(Duration::from_secs(seconds)).await;
        let spent = spent || poll_fn(|cx| Poll::Ready(patience.poll_spent(cx).is_ready())).await;
        patience.moved(bytes);
        !spent
    }

    #[tokio::test(start_paused = true)]
    async fn standing_still_is_borne_for_its_time_only() {
        assert!(waited(&mut patience(), 29, 0).await);
        assert!(!waited(&mut patience(), 30, 0).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_buys_nothing() {
        let mut patience = patience();
        assert!(waited(&mut patience, 29, 1).await);
        assert!(!waited(&mut patience, 2, 1).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_least_pace_may_go_on_for_ever_and_saves_nothing_up() {
        let mut patience = patience();
        for _ in 0..1_000 {
            assert!(waited(&mut patience, 20, 20_000).await);
        }
        patience.moved(usize::MAX);
        assert!(!waited(&mut patience, 30, 0).await);
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_nobody_waits_for_the_peer_does_not_count() {
        let mut patience = patience();
        assert!(waited(&mut patience, 20, 0).await);
        advance(Duration::from_hours(1)).await;
        assert!(waited(&mut patience, 9, 0).await);
    }
}
