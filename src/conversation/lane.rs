//! One lane of the commit coordinator: takes what waits, writes it in one statement, and only after the commit each
//! sender hears its number. While one commit is under way the next batch gathers: a lonely message waits for nobody and a
//! storm shares its fsyncs. A commit whose outcome is unknown is simply written again: every draft carries its sender's
//! client message id.

use std::{sync::Arc, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Draft,
    batch::{Batch, Waiting, apart_from_retries, give_up},
    jam::Jam,
    lanes::Load,
    log::{Width, settle},
    queries,
    queries::Outcome,
    write,
};
use crate::{
    bus::Bus,
    clock::Clock,
    error::{Error, Refusal, Result, refused_until},
    store::{Store, constraint::unreachable},
};

/// While there is company, a lane begins a commit so long after the last one at the soonest, for each draft of that one:
/// many small commits would take the processor from those whom they are for. A lonely message waits for nobody, a few
/// hardly; from some 4,000 messages a second on, commits are [`LONGEST_GATHERING`] apart. Longer gathering saves little of the
/// database's time, for `lanes.rs` keeps company together, and all of it is waited for (docs/performance.md).
const GATHERING: Duration = Duration::from_micros(250);
const LONGEST_GATHERING: Duration = Duration::from_millis(3);

pub(super) struct Lane {
    options: PgConnectOptions,
    bus: Bus,
    clock: Clock,
    batch: usize,
    load: Arc<Load>,
    jam: Jam,
}

impl Lane {
    /// Its statements wait for `lock_ms` for a conversation that somebody else holds.
    pub(super) fn new(
        store: &Store,
        clock: Clock,
        width: Width,
        load: Arc<Load>,
        jam: Jam,
    ) -> Self {
        Self {
            options: store.options().options([("lock_timeout", width.lock_ms)]),
            bus: store.bus().clone(),
            clock,
            batch: width.batch.max(1),
            load,
            jam,
        }
    }

    /// Until `stop`, and then until the queue is empty.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Waiting>, stop: CancellationToken) {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(2))
            .connect_lazy_with(self.options.clone());
        let mut waiting = Vec::new();
        let mut not_before = Instant::now();
        loop {
            if waiting.is_empty() {
                let gathered = tokio::select! {
                    biased;
                    gathered = queue.recv_many(&mut waiting, self.batch) => gathered,
                    () = stop.cancelled(), if !queue.is_closed() => {
                        queue.close();
                        continue;
                    }
                };
                if gathered == 0 {
                    return;
                }
            }
            if waiting.len() < self.batch && not_before > Instant::now() {
                sleep_until(not_before).await;
                top_up(&mut waiting, &mut queue, self.batch);
            }
            not_before = Instant::now() + gathering(waiting.len());
            let (first, again) = apart_from_retries(waiting);
            let mut batch = Batch::of(first);
            let held = self
                .jam
                .of(&pool, batch.drafts.iter().map(|draft| &**draft))
                .await;
            if !held.is_empty() {
                batch.split_off(&held).refuse();
            }
            self.load.begin();
            self.write(&pool, batch, &mut queue).await;
            self.load.rest();
            waiting = again;
        }
    }

    /// Writes a batch, again and again while the database is out of reach and somebody still waits. What is for a
    /// conversation that somebody else holds is refused. A batch that the database will not have otherwise is halved until
    /// the one bad draft stands alone.
    async fn write(&self, pool: &PgPool, batch: Batch, queue: &mut mpsc::Receiver<Waiting>) {
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            if part.drafts.is_empty() {
                continue;
            }
            match self.commit(pool, &mut part, queue).await {
                Ok(outcomes) => self.announce(part, outcomes),
                Err(error) if waited_in_vain(&error) => {
                    let held = part.split_off(&self.jam.found(pool, &part.drafts).await);
                    tracing::warn!(%error, drafts = held.drafts.len(), "conversations are held");
                    match (held.drafts.len(), part.drafts.len()) {
                        // Nobody holds them any more, or it is not known who does.
                        (0, 1) => part.refuse(),
                        (0, _) => parts.extend([part.split_half(), part]),
                        _ => {
                            held.refuse();
                            parts.push(part);
                        }
                    }
                }
                Err(error) if part.drafts.len() > 1 => {
                    tracing::warn!(%error, drafts = part.drafts.len(), "a batch failed; trying its halves");
                    let half = part.split_half();
                    parts.extend([half, part]);
                }
                Err(error) => {
                    let failed = Error::from(error);
                    tracing::error!(error = %failed, "a draft could not be written");
                    part.fail();
                }
            }
        }
    }

    /// One commit, repeated until its outcome is known. Those who have waited too long are answered in between and
    /// leave the batch's answers, not the batch: what may have been written keeps its place.
    async fn commit(
        &self,
        pool: &PgPool,
        part: &mut Batch,
        queue: &mut mpsc::Receiver<Waiting>,
    ) -> Result<Vec<Outcome>, sqlx::Error> {
        let patience = part.patience();
        let attempt = self.attempt(pool, &part.drafts);
        tokio::pin!(attempt);
        tokio::select! {
            outcomes = &mut attempt => return outcomes,
            () = sleep_until(patience) => give_up(&mut part.callers),
        }
        // The database stands still: whoever comes now is sent away at once, untried.
        loop {
            tokio::select! {
                outcomes = &mut attempt => return outcomes,
                Some(waiting) = queue.recv() => {
                    waiting.answer(Err(refused_until(Refusal::Unavailable, Duration::from_secs(1))));
                }
            }
        }
    }

    async fn attempt(
        &self,
        pool: &PgPool,
        drafts: &[Box<Draft>],
    ) -> Result<Vec<Outcome>, sqlx::Error> {
        let mut pause = Duration::from_millis(20);
        let mut in_doubt = false;
        loop {
            match self.written(pool, drafts).await {
                // What may have been written must not be called undone.
                Err(error) if worth_repeating(&error) || in_doubt && waited_in_vain(&error) => {
                    tracing::warn!(%error, "writing a batch again");
                    in_doubt |= unreachable(&error);
                }
                settled => return settled,
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// One transaction, known to be committed. Plain words, the hot path, are a statement of their own.
    async fn written(
        &self,
        pool: &PgPool,
        drafts: &[Box<Draft>],
    ) -> Result<Vec<Outcome>, sqlx::Error> {
        let now = self.clock.now();
        if write::plain(drafts) {
            return queries::append(pool, drafts, now).await;
        }
        let mut work = pool.begin().await?;
        let outcomes = write::write(&mut work, drafts, now).await?;
        work.commit().await?;
        Ok(outcomes)
    }

    fn announce(&self, batch: Batch, outcomes: Vec<Outcome>) {
        for (draft, outcome, answer, _stay) in batch.settled(outcomes) {
            match settle(draft, outcome) {
                Ok((posted, event)) => {
                    answer(Ok(posted));
                    if let Some(event) = event {
                        self.bus.publish(&event);
                    }
                }
                Err(refused) => answer(Err(refused)),
            }
        }
    }
}

/// How long after the beginning of a batch of so many drafts the next one begins at the soonest.
fn gathering(drafts: usize) -> Duration {
    let company = u32::try_from(drafts.saturating_sub(1)).unwrap_or(u32::MAX);
    GATHERING.saturating_mul(company).min(LONGEST_GATHERING)
}

/// Takes what else has come, as long as the batch has room.
fn top_up(waiting: &mut Vec<Waiting>, queue: &mut mpsc::Receiver<Waiting>, batch: usize) {
    while waiting.len() < batch
        && let Ok(one) = queue.try_recv()
    {
        waiting.push(one);
    }
}

/// The connection died, or two transactions were in each other's way: writing the same drafts again settles it.
fn worth_repeating(error: &sqlx::Error) -> bool {
    unreachable(error)
        || matches!(error, sqlx::Error::PoolTimedOut)
        || has_code(error, |code| code == "40001" || code == "40P01")
}

/// Somebody else holds a row for longer than a lane waits.
fn waited_in_vain(error: &sqlx::Error) -> bool {
    has_code(error, |code| code == "55P03")
}

fn has_code(error: &sqlx::Error, is: impl Fn(&str) -> bool) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.as_deref().is_some_and(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_company_the_longer_a_lane_gathers_and_a_lonely_message_waits_for_nobody() {
        let micros = |drafts| gathering(drafts).as_micros();
        assert_eq!([0, 1, 2, 5].map(micros), [0, 0, 250, 1_000]);
        assert_eq!([13, 500, usize::MAX].map(micros), [3_000; 3]);
    }
}
