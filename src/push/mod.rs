//! Reaches people who are not on the line: Web Push to the browsers in which they have asked for it.
//!
//! A browser is subscribed with its session ([`subscribe`]) and ends with it. A fact that an alert was raised becomes one
//! delivery for each subscription of those who are entitled and want it ([`fan_out`]); the courier brings it to the browser's
//! push service ([`deliver`]), unless its person is on the line by then or has read it elsewhere. Customers have no alerts: where something
//! waits for them in a conversation, they are called to it ([`call`]). Below them, and without a database:
//! `seal.rs` encrypts for one browser (RFC 8291), `vapid.rs` proves that it was us (RFC 8292).

pub mod call;
pub mod deliver;
pub mod fan_out;
pub mod key;
pub mod outbox;
mod queries;
mod seal;
pub mod subscribe;
pub mod vapid;

use std::time::Duration;

use jiff::SignedDuration;
use proto::AlertKind;

use crate::{app::App, error::Result};

/// An alert that a browser has not got by then is no news any more.
const NEWS: SignedDuration = SignedDuration::from_hours(4);
/// Alerts that wait for one browser at most: whoever is away from more is told enough.
const WAITING: i64 = 100;
/// The pauses after the first failure, the second, and so on.
const STEPS: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
];
/// Deliveries are kept for so long, whatever became of them.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// May a push service wait with it until the device wakes up by itself (RFC 8030, 5.3)?
fn urgency(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::NewConversation
        | AlertKind::NewOrder
        | AlertKind::AfterSale
        | AlertKind::OrderChanged
        | AlertKind::OrderPaidTwice
        | AlertKind::OrderFollowUp
        | AlertKind::AbnormalClaims
        | AlertKind::NewMessage => "high",
        AlertKind::WebhookOff
        | AlertKind::StockLow
        | AlertKind::GoodsArrived
        | AlertKind::FollowUp
        | AlertKind::DrawWaits
        | AlertKind::Unspecified => "normal",
    }
}

/// What a push service's status code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// 2xx: it has it.
    Sent,
    /// 404 or 410: there is no such subscription any more.
    Gone,
    /// 413: it will never take this one.
    Refused,
    /// Anything else: try again.
    Failed,
}

impl Verdict {
    fn of(status: u16) -> Self {
        match status {
            200..=299 => Self::Sent,
            404 | 410 => Self::Gone,
            413 => Self::Refused,
            _ => Self::Failed,
        }
    }

    /// For metrics.
    fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Forgets deliveries after a day.
pub async fn forget(app: &App) -> Result<()> {
    let before = app.clock.now() - KEPT;
    while queries::forget(app.store.pool(), before).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_gone_ends_a_subscription() {
        assert_eq!([200, 201, 202, 299].map(Verdict::of), [Verdict::Sent; 4]);
        assert_eq!([404, 410].map(Verdict::of), [Verdict::Gone; 2]);
        assert_eq!(Verdict::of(413), Verdict::Refused);
        for status in [100, 302, 400, 401, 403, 429, 500, 503] {
            assert_eq!(Verdict::of(status), Verdict::Failed, "{status}");
        }
    }
}
