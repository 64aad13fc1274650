//! The sweep: compares with Postgres what the people on this node were shown, in case the bus lost something.
//!
//! A sweep looks back to the beginning of the last one that succeeded, and a little further, for a transaction writes its
//! times down before it commits. So the sweeps leave no moment out, however long Redis or the database was gone. It
//! costs three indexed statements and every half minute a fourth, and none while nobody is on the line.

use std::{collections::HashSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Live;
use crate::{
    account::session,
    conversation::recent::{memberships_changed_within, moved_within},
    error::Result,
};

/// How far the first sweep looks back: whoever is on the line has just caught up.
const FIRST: Duration = Duration::from_secs(30);
/// No transaction takes longer between writing a time down and committing, and `active_at` may be two seconds old.
const SLACK: Duration = Duration::from_secs(10);
/// Between two looks at whether the sessions on the line are still good, by the server's clock.
const SESSIONS: SignedDuration = SignedDuration::from_secs(30);
/// Between two tidyings of the hub.
const TIDYING: Duration = Duration::from_mins(5);

/// What one sweep leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// When the last one began that succeeded.
    since: Option<Instant>,
    /// Rechecks in its window, which are made already.
    made: HashSet<i64>,
    looked_at_sessions: Option<Timestamp>,
    tidied: Option<Instant>,
}

impl Sweep {
    /// Sweeps once.
    pub(super) async fn run(&mut self, live: &Live) -> Result<()> {
        if live.hub.is_empty() {
            *self = Self::default();
            return Ok(());
        }
        metrics::counter!("souk_sweeps").increment(1);
        let begun = Instant::now();
        let window = self.since.map_or(FIRST, |since| since.elapsed() + SLACK);
        self.recheck(live, window).await?;
        self.close_what_is_over(live).await?;
        for change in memberships_changed_within(&live.app, window).await? {
            live.hub.settle_membership(&change);
        }
        for moved in moved_within(&live.app, window).await? {
            let audiences = moved.address.audiences();
            live.hub
                .compare(moved.conversation, &moved.head, &audiences);
        }
        self.since = Some(begun);
        self.tidy(live);
        metrics::histogram!("souk_sweep_seconds").record(begun.elapsed());
        Ok(())
    }

    /// Makes those that the bus may have lost; one that is made twice does no harm.
    async fn recheck(&mut self, live: &Live, window: Duration) -> Result<()> {
        let rechecks = session::rechecks_within(&live.app, window).await?;
        for (id, user, what) in &rechecks {
            if !self.made.contains(id) {
                live.hub.recheck(*user, *what);
            }
        }
        self.made = rechecks.into_iter().map(|(id, ..)| id).collect();
        Ok(())
    }

    /// Nobody stays on the line with a session that has ended, even if nobody said so.
    async fn close_what_is_over(&mut self, live: &Live) -> Result<()> {
        let now = live.app.clock.now();
        if self
            .looked_at_sessions
            .is_some_and(|at| now.duration_since(at) < SESSIONS)
        {
            return Ok(());
        }
        live.close_what_is_over(live.hub.lines()).await?;
        self.looked_at_sessions = Some(now);
        Ok(())
    }

    fn tidy(&mut self, live: &Live) {
        if self.tidied.is_none_or(|at| at.elapsed() > TIDYING) {
            self.tidied = Some(Instant::now());
            let orders = u32::try_from(live.hub.tidy()).unwrap_or(u32::MAX);
            metrics::gauge!("souk_orders").set(orders);
        }
    }
}
