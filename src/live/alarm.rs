//! When a socket is due: for the next ping, or to be given up because nothing was heard for too long.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Limits;

/// One socket's two deadlines, for one timer.
#[derive(Debug)]
pub(super) struct Alarm {
    ping_every: Duration,
    silence: Duration,
    next_ping: Instant,
    heard_at: Instant,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A ping and a heartbeat.
    Ping,
    /// The peer is gone.
    Silent,
    /// Nothing yet: the peer was heard since the timer was set.
    Nothing,
}

impl Alarm {
    /// Set now: whoever queued to be let in had nothing to say meanwhile.
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let ping_every = Duration::from_secs(limits.ping_seconds);
        Self {
            ping_every,
            silence: Duration::from_secs(limits.silence_seconds),
            next_ping: now + ping_every,
            heard_at: now,
        }
    }

    /// The peer said something.
    pub(super) fn hear(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// When to look next.
    pub(super) fn at(&self, now: Instant) -> Instant {
        let given_up = self.heard_at + self.silence;
        if given_up > now {
            self.next_ping.min(given_up)
        } else {
            self.next_ping
        }
    }

    /// The timer has rung. A peer is silent only if it was `listened` to.
    pub(super) fn ring(&mut self, now: Instant, listened: bool) -> Due {
        if listened && now >= self.heard_at + self.silence {
            return Due::Silent;
        }
        if now < self.next_ping {
            return Due::Nothing;
        }
        self.next_ping = now + self.ping_every;
        Due::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm() -> (Alarm, Instant) {
        let limits = Limits {
            ping_seconds: 20,
            silence_seconds: 32,
            ..Limits::default()
        };
        let now = Instant::now();
        (Alarm::new(&limits, now), now)
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_peer_is_given_up_at_its_moment_and_not_with_the_next_ping() {
        let (mut alarm, start) = alarm();
        assert_eq!(alarm.at(start), after(start, 20));
        assert_eq!(alarm.ring(after(start, 20), true), Due::Ping);
        assert_eq!(alarm.at(after(start, 20)), after(start, 32));
        assert_eq!(alarm.ring(after(start, 32), true), Due::Silent);
    }

    #[test]
    fn whoever_was_heard_stays() {
        let (mut alarm, start) = alarm();
        alarm.ring(after(start, 20), true);
        alarm.hear(after(start, 21));
        assert_eq!(alarm.ring(after(start, 32), true), Due::Nothing);
        assert_eq!(alarm.at(after(start, 32)), after(start, 40));
    }

    #[test]
    fn nobody_is_silent_who_is_not_listened_to() {
        let (mut alarm, start) = alarm();
        alarm.ring(after(start, 20), true);
        assert_eq!(alarm.ring(after(start, 33), false), Due::Nothing);
        assert_eq!(alarm.at(after(start, 33)), after(start, 40));
    }
}
