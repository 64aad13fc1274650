//! The message log and its two ways in: [`append`] inside a verb's own `Tx`, and the commit coordinator [`Log`] for
//! plain chat messages.
//!
//! The coordinator has a few lanes; a conversation always takes the same one, so its order holds. A lane takes what
//! waits, writes it in one statement, and only after the commit each sender hears its number. While one commit is
//! under way the next batch gathers: a lonely message waits for nobody and a storm shares its fsyncs. A commit whose
//! outcome is unknown is simply written again: every draft carries its sender's client message id.

use std::{
    collections::HashSet,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    time::Duration,
};

use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{Draft, Posted, queries, queries::Outcome};
use crate::{
    bus::Bus,
    clock::{Clock, millis},
    error::{Error, Refusal, Result, refused_until},
    event::Event,
    id::ConversationId,
    shutdown::Shutdown,
    store::{Store, Tx, constraint::unreachable},
};

/// After this time a sender hears "outcome unknown" and may ask again with the same client message id.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the sender hears, exactly once.
pub type Answer = Box<dyn FnOnce(Result<Posted>) + Send>;

/// Says something inside a unit of work: it is shown when, and only if, the work commits.
pub async fn append(tx: &mut Tx, clock: &Clock, draft: Draft) -> Result<Posted> {
    let now = clock.now();
    let outcomes = queries::append(&mut *tx.sql(), std::slice::from_ref(&draft), now).await?;
    let outcome = outcomes
        .into_iter()
        .next()
        .ok_or_else(|| anyhow::anyhow!("append_messages gave no answer"))?;
    let (posted, event) = settle(draft, outcome)?;
    if let Some(event) = event {
        tx.show(event);
    }
    Ok(posted)
}

/// The commit coordinator. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    lanes: Vec<mpsc::Sender<Waiting>>,
}

struct Waiting {
    draft: Draft,
    answer: Answer,
    since: Instant,
}

/// How wide the coordinator is.
#[derive(Clone, Copy, Debug)]
pub struct Width {
    /// Lanes, each with its own connection.
    pub lanes: usize,
    /// Drafts that one commit takes at most.
    pub batch: usize,
    /// Drafts that may wait in all.
    pub backlog: usize,
}

impl Log {
    /// Starts the lanes. They end after the last commit, when the server has stopped everything else.
    pub fn start(store: &Store, clock: &Clock, width: Width, shutdown: &Shutdown) -> Self {
        let options = store.pool().connect_options().as_ref().clone();
        let lanes = (0..width.lanes.max(1)).map(|_| {
            let (sender, waiting) = mpsc::channel((width.backlog / width.lanes.max(1)).max(1));
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .acquire_timeout(Duration::from_secs(2))
                .connect_lazy_with(options.clone());
            let lane = Lane {
                pool,
                bus: store.bus().clone(),
                clock: clock.clone(),
                batch: width.batch.max(1),
            };
            shutdown.spawn_keeper(lane.run(waiting, shutdown.firm().clone()));
            sender
        });
        Self {
            lanes: lanes.collect(),
        }
    }

    /// Queues a draft; `answer` is called once, after the commit. Drafts of one conversation keep the order of their
    /// calls. Refuses with `overloaded` when too many wait: nothing has happened then.
    pub fn submit(&self, draft: Draft, answer: Answer) {
        let lane = &self.lanes[self.lane_of(draft.conversation)];
        if let Err(full) = lane.try_send(Waiting {
            draft,
            answer,
            since: Instant::now(),
        }) {
            let (waiting, code) = match full {
                mpsc::error::TrySendError::Full(waiting) => (waiting, Refusal::Overloaded),
                mpsc::error::TrySendError::Closed(waiting) => (waiting, Refusal::ShuttingDown),
            };
            (waiting.answer)(Err(refused_until(code, Duration::from_secs(1))));
        }
    }

    /// The same, for callers who wait.
    pub async fn post(&self, draft: Draft) -> Result<Posted> {
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.submit(draft, Box::new(move |result| drop(sender.send(result))));
        answer
            .await
            .unwrap_or_else(|_| Err(Refusal::OutcomeUnknown.into()))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "any part of the hash will do"
    )]
    fn lane_of(&self, conversation: ConversationId) -> usize {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(conversation) as usize
            % self.lanes.len()
    }
}

struct Lane {
    pool: PgPool,
    bus: Bus,
    clock: Clock,
    batch: usize,
}

impl Lane {
    async fn run(self, mut queue: mpsc::Receiver<Waiting>, stop: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            if batch.is_empty() {
                let gathered = tokio::select! {
                    biased;
                    gathered = queue.recv_many(&mut batch, self.batch) => gathered,
                    () = stop.cancelled(), if !queue.is_closed() => {
                        queue.close();
                        continue;
                    }
                };
                if gathered == 0 {
                    return;
                }
            }
            let (first, again) = apart_from_retries(batch);
            self.write(first, &mut queue).await;
            batch = again;
        }
    }

    /// Writes a batch, again and again while the database is out of reach and somebody still waits. A batch that the
    /// database will not have is halved until the one bad draft stands alone.
    async fn write(&self, batch: Vec<Waiting>, queue: &mut mpsc::Receiver<Waiting>) {
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            match self.commit(&mut part, queue).await {
                Ok(outcomes) => self.announce(part, outcomes),
                Err(error) if part.len() > 1 => {
                    tracing::warn!(%error, drafts = part.len(), "a batch failed; trying its halves");
                    let half = part.split_off(part.len() / 2);
                    parts.extend([half, part]);
                }
                Err(error) => {
                    let failed = Error::from(error);
                    tracing::error!(error = %failed, "a draft could not be written");
                    part.into_iter()
                        .for_each(|waiting| (waiting.answer)(Err(Refusal::Broken.into())));
                }
            }
        }
    }

    /// One commit, repeated until its outcome is known. Those who have waited too long are answered in between and
    /// leave the batch's answers, not the batch: what may have been written keeps its place.
    async fn commit(
        &self,
        part: &mut [Waiting],
        queue: &mut mpsc::Receiver<Waiting>,
    ) -> Result<Vec<Outcome>, sqlx::Error> {
        let drafts: Vec<Draft> = part.iter().map(|waiting| waiting.draft.clone()).collect();
        let patience = part
            .iter()
            .map(|waiting| waiting.since)
            .min()
            .unwrap_or_else(Instant::now)
            + PATIENCE;
        let attempt = self.attempt(&drafts);
        tokio::pin!(attempt);
        tokio::select! {
            outcomes = &mut attempt => return outcomes,
            () = sleep_until(patience) => part.iter_mut().for_each(give_up),
        }
        // The database stands still: whoever comes now is sent away at once, untried.
        loop {
            tokio::select! {
                outcomes = &mut attempt => return outcomes,
                Some(waiting) = queue.recv() => {
                    (waiting.answer)(Err(refused_until(Refusal::Unavailable, Duration::from_secs(1))));
                }
            }
        }
    }

    async fn attempt(&self, drafts: &[Draft]) -> Result<Vec<Outcome>, sqlx::Error> {
        let mut pause = Duration::from_millis(20);
        loop {
            match queries::append(&self.pool, drafts, self.clock.now()).await {
                Err(error) if worth_repeating(&error) => {
                    tracing::warn!(%error, "writing a batch again")
                }
                settled => return settled,
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    fn announce(&self, batch: Vec<Waiting>, outcomes: Vec<Outcome>) {
        for (waiting, outcome) in batch.into_iter().zip(outcomes) {
            match settle(waiting.draft, outcome) {
                Ok((posted, event)) => {
                    (waiting.answer)(Ok(posted));
                    if let Some(event) = event {
                        self.bus.publish(&event);
                    }
                }
                Err(refused) => (waiting.answer)(Err(refused)),
            }
        }
    }
}

/// A client message id twice in one batch would ask the statement to contradict itself: the retry goes with the next.
fn apart_from_retries(batch: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
    let mut seen = HashSet::with_capacity(batch.len());
    batch.into_iter().partition(|waiting| {
        let draft = &waiting.draft;
        seen.insert((
            draft.conversation,
            draft.sender,
            draft.message.client_message_id.clone(),
        ))
    })
}

fn give_up(waiting: &mut Waiting) {
    let answer = std::mem::replace(&mut waiting.answer, Box::new(|_| ()));
    answer(Err(refused_until(
        Refusal::OutcomeUnknown,
        Duration::from_secs(1),
    )));
}

/// The connection died, or two transactions were in each other's way: writing the same drafts again settles it.
fn worth_repeating(error: &sqlx::Error) -> bool {
    let in_the_way = |code: &str| code == "40001" || code == "40P01";
    unreachable(error)
        || matches!(error, sqlx::Error::PoolTimedOut)
        || error
            .as_database_error()
            .and_then(|error| error.code())
            .is_some_and(|code| in_the_way(&code))
}

/// What the sender hears, and what everybody is shown; a retry shows nothing.
fn settle(draft: Draft, outcome: Outcome) -> Result<(Posted, Option<std::sync::Arc<Event>>)> {
    let posted = Posted {
        conversation: draft.conversation,
        number: outcome.number.unwrap_or_default().cast_unsigned(),
        sent_at: outcome.sent_at.map_or(0, millis),
    };
    match outcome.verdict.as_str() {
        "posted" => {}
        "repeated" => return Ok((posted, None)),
        verdict => return Err(refusal(verdict).into()),
    }
    let address = outcome.address(draft.conversation)?;
    let mut message = draft.message;
    (message.number, message.sent_at, message.version) = (posted.number, posted.sent_at, 1);
    if let (true, Some(shop), Some(sender)) = (outcome.as_shop, address.shop(), &mut message.sender)
    {
        sender.shop_id = shop.to_string();
    }
    let event = Event::posted(draft.conversation, address.audiences_of(&message), message);
    Ok((posted, Some(event)))
}

fn refusal(verdict: &str) -> Refusal {
    match verdict {
        "reused" => Refusal::ClientMessageIdReused,
        "closed" => Refusal::ConversationClosed,
        "not_a_member" => Refusal::NotAMember,
        "banned" => Refusal::Banned,
        "muted" => Refusal::Muted,
        "not_found" => Refusal::NotFound,
        _ => Refusal::Broken,
    }
}
