//! What is said to somebody who gets no seat.

use std::time::Duration;

use http::StatusCode;
use metrics::counter;

/// What a client is told to wait when only somebody's leaving can help.
const UNTIL_SOMEBODY_LEAVES: Duration = Duration::from_secs(5);

/// Why somebody gets no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// The node holds as many connections as it may.
    Full,
    /// This address holds as many connections as it may.
    Crowd,
    /// This address opens connections too fast; the time after which the next one is welcome.
    Rush(Duration),
}

impl Turned {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Crowd | Self::Rush(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// When trying again makes sense, in whole seconds, at least one.
    pub(super) fn retry_after_seconds(self) -> u64 {
        let wait = match self {
            Self::Full | Self::Crowd => UNTIL_SOMEBODY_LEAVES,
            Self::Rush(wait) => wait,
        };
        wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
    }

    /// The whole answer, for a connection of which nothing is read.
    pub(super) fn response(self) -> String {
        let (status, seconds) = (self.status(), self.retry_after_seconds());
        format!(
            "HTTP/1.1 {status}\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    }

    pub(super) fn count(self) {
        let reason = match self {
            Self::Full => "full",
            Self::Crowd => "address_connections",
            Self::Rush(_) => "address_rate",
        };
        counter!("souk_connections_refused_total", "reason" => reason).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_whole_seconds() {
        let rush = |millis| Turned::Rush(Duration::from_millis(millis)).retry_after_seconds();
        assert_eq!((rush(1), rush(1000), rush(1001)), (1, 1, 2));
        let full = Turned::Full.response();
        assert!(
            full.starts_with("HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n"),
            "{full}"
        );
    }
}
