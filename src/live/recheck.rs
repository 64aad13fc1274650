//! Looks again at the lines of those of whom something changed.
//!
//! Two steps with a list each, on which everybody is once, however often they are named, with the most that was asked for. First what is over is closed, of all
//! who are named by one statement; then what goes on is renewed, a few people at once. The first step never waits for
//! the second: whoever has many sockets renewed delays nobody's end.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::sleep};

use super::{Live, close::Close, line::Line};
use crate::{
    account::session,
    bus::Recheck,
    error::{Error, Refusal, Result},
    id::UserId,
};

/// People whose lines are renewed at once: fewer than the connections that the server has for itself.
const AT_ONCE: usize = 2;
/// After a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// People on a list, each once: never more than are on the line here.
#[derive(Debug, Default)]
pub(super) struct Named {
    users: Mutex<HashMap<UserId, Recheck>>,
    news: Notify,
}

impl Named {
    pub(super) fn add(&self, users: impl IntoIterator<Item = (UserId, Recheck)>) {
        let mut named = self.users.lock();
        for (user, what) in users {
            let most = named.entry(user).or_insert(what);
            *most = what.max(*most);
        }
        drop(named);
        self.news.notify_one();
    }

    /// All of them, as soon as there is one.
    async fn take(&self) -> HashMap<UserId, Recheck> {
        loop {
            let users = std::mem::take(&mut *self.users.lock());
            if !users.is_empty() {
                return users;
            }
            self.news.notified().await;
        }
    }
}

impl Live {
    /// The first step, for as long as the server runs.
    pub(super) async fn end_what_is_over(&self) {
        loop {
            let users = self.hub.rechecks.take().await;
            let lines = users.keys().flat_map(|user| self.hub.lines_of(*user));
            match self.close_what_is_over(lines.collect()).await {
                Ok(()) => {
                    let more = users
                        .into_iter()
                        .filter(|(_, what)| *what > Recheck::Sessions);
                    self.hub.renewals.add(more);
                }
                Err(error) => {
                    tracing::warn!(%error, "sessions will be rechecked");
                    sleep(PAUSE).await;
                    self.hub.rechecks.add(users);
                }
            }
        }
    }

    /// The second step, for as long as the server runs.
    pub(super) async fn renew_what_goes_on(&self) {
        loop {
            let users = self.hub.renewals.take().await;
            let renewals = users.into_iter().map(|(user, what)| async move {
                let renewed = self.renew_all(user, what).await;
                renewed.err().map(|error| ((user, what), error))
            });
            let done = stream::iter(renewals).buffer_unordered(AT_ONCE);
            let done: Vec<Option<((UserId, Recheck), Error)>> = done.collect().await;
            let (failed, errors): (Vec<_>, Vec<_>) = done.into_iter().flatten().unzip();
            if let Some(error) = errors.first() {
                tracing::warn!(%error, people = failed.len(), "people will be rechecked");
                sleep(PAUSE).await;
                self.hub.renewals.add(failed);
            }
        }
    }

    /// Nobody stays on the line with a session that has ended.
    pub(super) async fn close_what_is_over(&self, lines: Vec<Arc<Line>>) -> Result<()> {
        let sessions = lines.iter().filter_map(|line| line.actor().session);
        let sessions: Vec<_> = sessions.collect();
        if sessions.is_empty() {
            return Ok(());
        }
        let over = session::over(&self.app, &sessions).await?;
        let over: HashSet<_> = over.into_iter().collect();
        for line in lines {
            if line.actor().session.is_some_and(|one| over.contains(&one)) {
                line.close(Close::Revoked);
            }
        }
        Ok(())
    }

    async fn renew_all(&self, user: UserId, what: Recheck) -> Result<()> {
        for line in self.hub.lines_of(user) {
            match self.renew(&line, what).await {
                Err(error) if error.refusal().is_some_and(is_over) => line.close(Close::Revoked),
                renewed => renewed?,
            }
        }
        Ok(())
    }
}

fn is_over(code: Refusal) -> bool {
    matches!(code, Refusal::SessionRevoked | Refusal::TokenExpired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_most_that_was_asked_for_is_looked_at() {
        let (named, ann, bob) = (Named::default(), UserId::new(), UserId::new());
        named.add([(ann, Recheck::Person), (bob, Recheck::Sessions)]);
        named.add([(ann, Recheck::Rights), (bob, Recheck::Person)]);
        named.add([(ann, Recheck::Sessions)]);
        let expected = [(ann, Recheck::Rights), (bob, Recheck::Person)];
        assert_eq!(named.take().await, expected.into());
        assert!(named.users.lock().is_empty());
    }
}
