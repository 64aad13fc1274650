//! When an endpoint is called again, and when it is given up.

use std::time::Duration;

/// The pauses after the first failure, the second, and so on: eight attempts in some 28 hours.
pub const STEPS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];

/// An endpoint is switched off when it did nothing but fail for long, and so often at least: a quiet endpoint is not
/// judged by two calls, five days apart.
pub const FEWEST_FAILURES: i32 = 8;

/// What a receiver's status code means for the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// 2xx: it was heard.
    Heard,
    /// 410: the receiver wants no more calls; switch the endpoint off at once.
    Gone,
    /// Anything else, redirects included: try again.
    Failed,
}

impl Verdict {
    /// Reads a status code.
    pub fn of(status: u16) -> Self {
        match status {
            200..=299 => Self::Heard,
            410 => Self::Gone,
            _ => Self::Failed,
        }
    }

    /// For metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Gone => "gone",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_are_the_published_ones() {
        let pauses = STEPS.map(|step| step.as_secs());
        assert_eq!(pauses, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
    }

    #[test]
    fn only_2xx_is_heard_and_410_means_stop() {
        assert_eq!(Verdict::of(200), Verdict::Heard);
        assert_eq!(Verdict::of(299), Verdict::Heard);
        assert_eq!(Verdict::of(410), Verdict::Gone);
        for status in [100, 199, 300, 302, 308, 400, 404, 429, 500, 503, 0] {
            assert_eq!(Verdict::of(status), Verdict::Failed, "{status}");
        }
    }
}
