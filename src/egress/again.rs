//! When to try again, and when to stop trying. Pure: time and chance are handed in.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

/// When to try again after so many failures (1 and up); never, after the last of `steps`. `wish` is the `Retry-After` of the answer, if there
/// was one; `jitter` is from 0 to 1.
pub fn due(
    steps: &[Duration],
    failures: i32,
    jitter: f64,
    wish: Option<&str>,
    now: Timestamp,
) -> Option<Timestamp> {
    let wish = wish.and_then(|header| retry_after(header, now));
    let pause = pause(steps, u32::try_from(failures).ok()?, jitter, wish)?;
    Some(now + pause)
}

/// The pause after the `failures`-th failed attempt (1 for the first), by `steps`, or `None`: give up.
///
/// `jitter` from 0 to 1 lengthens the pause by up to a fifth, so that what failed together does not come
/// back together. A receiver's `Retry-After` is honoured between one and two times the step.
fn pause(
    steps: &[Duration],
    failures: u32,
    jitter: f64,
    retry_after: Option<Duration>,
) -> Option<Duration> {
    let step = *steps.get(usize::try_from(failures).ok()?.checked_sub(1)?)?;
    let jitter = if jitter.is_finite() {
        jitter.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let own = step.mul_f64(1.0 + jitter / 5.0);
    let asked = retry_after.map_or(step, |asked| asked.clamp(step, step * 2));
    Some(own.max(asked))
}

/// Reads a `Retry-After` header: seconds, or an HTTP date from which `now` is taken. Nonsense is no wish.
fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.len() <= 10 && header.bytes().all(|b| b.is_ascii_digit()) {
        return header.parse().ok().map(Duration::from_secs);
    }
    let at = DateTimeParser::new()
        .parse_timestamp(header.get(..header.len().min(64))?)
        .ok()?;
    Some(at.duration_since(now).try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Duration; 3] = [
        Duration::from_secs(5),
        Duration::from_mins(5),
        Duration::from_mins(30),
    ];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn each_failure_has_its_pause_and_then_it_ends() {
        let pauses: Vec<u64> = (1..=3)
            .map(|n| pause(&STEPS, n, 0.0, None).unwrap().as_secs())
            .collect();
        assert_eq!(pauses, [5, 300, 1_800]);
        assert_eq!(pause(&STEPS, 4, 0.0, None), None);
        assert_eq!(pause(&STEPS, 0, 0.0, None), None);
        assert_eq!(pause(&STEPS, u32::MAX, 0.0, None), None);
    }

    #[test]
    fn jitter_lengthens_by_a_fifth_at_most_and_never_shortens() {
        assert_eq!(pause(&STEPS, 2, 1.0, None), Some(Duration::from_mins(6)));
        assert_eq!(pause(&STEPS, 2, 0.5, None), Some(Duration::from_secs(330)));
        for odd in [-1.0, f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            assert_eq!(
                pause(&STEPS, 2, odd, None),
                Some(Duration::from_mins(5)),
                "{odd}"
            );
        }
        assert_eq!(pause(&STEPS, 2, 7.0, None), Some(Duration::from_mins(6)));
    }

    #[test]
    fn retry_after_is_honoured_between_one_and_two_steps() {
        let asked = |seconds| {
            pause(&STEPS, 2, 0.0, Some(Duration::from_secs(seconds)))
                .unwrap()
                .as_secs()
        };
        assert_eq!(
            [asked(0), asked(299), asked(450), asked(600), asked(601)],
            [300, 300, 450, 600, 600]
        );
        assert_eq!(
            pause(&STEPS, 2, 0.0, Some(Duration::MAX)),
            Some(Duration::from_mins(10))
        );
        assert_eq!(
            pause(&STEPS, 2, 1.0, Some(Duration::from_secs(310))),
            Some(Duration::from_mins(6))
        );
    }

    #[test]
    fn both_spellings_of_retry_after_are_read() {
        let now = at(784_111_700); // Sun, 06 Nov 1994 08:48:20 GMT
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now),
            Some(Duration::from_secs(77))
        );
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:40:00 GMT", now),
            Some(Duration::ZERO),
            "already over"
        );
        for nonsense in [
            "",
            "soon",
            "-1",
            "1.5",
            "99999999999",
            "Sun, 99 Nov 1994",
            "安安安安安安安安安安安安安安安安安安安安安安安安安",
        ] {
            assert_eq!(retry_after(nonsense, now), None, "{nonsense}");
        }
    }
}
