//! The message log and its two ways in: [`append`] inside a verb's own `Tx`, and the commit coordinator [`Log`] for
//! plain chat messages.
//!
//! The coordinator has a few lanes (`lane.rs`, and `lanes.rs` for who takes which). They run on a thread of their own: a commit's answer must not queue for its turn behind the thousands of sockets it is for.

use std::sync::Arc;

use super::{Draft, Posted, jam::Jam, lane::Lane, lanes::Lanes, queries::Outcome, write};
use crate::{
    clock::{Clock, millis},
    error::{Error, Refusal, Result},
    event::Event,
    shutdown::Shutdown,
    store::{Store, Tx},
};

/// What the sender hears, exactly once.
pub type Answer = Box<dyn FnOnce(Result<Posted>) + Send>;

/// Says something inside a unit of work: it is shown when, and only if, the work commits.
pub async fn append(tx: &mut Tx, clock: &Clock, draft: Draft) -> Result<Posted> {
    let posted = append_all(tx, clock, vec![draft]).await?.pop();
    Ok(posted.ok_or_else(|| anyhow::anyhow!("append_messages gave no answer"))?)
}

/// The same for many at once, all or none. Their conversations are locked in order of id.
pub async fn append_all(tx: &mut Tx, clock: &Clock, drafts: Vec<Draft>) -> Result<Vec<Posted>> {
    let outcomes = write::write(tx.sql(), &drafts, clock.now()).await?;
    let mut said = Vec::with_capacity(drafts.len());
    for (draft, outcome) in drafts.into_iter().zip(outcomes) {
        let (posted, event) = settle(draft, outcome)?;
        said.push(posted);
        if let Some(event) = event {
            tx.show(event);
        }
    }
    Ok(said)
}

/// The commit coordinator. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    lanes: Arc<Lanes>,
}

/// How wide the coordinator is.
#[derive(Clone, Copy, Debug)]
pub struct Width {
    /// Lanes, each with its own connection.
    pub lanes: usize,
    /// Drafts that one commit takes at most.
    pub batch: usize,
    /// Drafts that may be under way in all.
    pub backlog: usize,
    /// Milliseconds that a commit waits for a conversation that somebody else holds.
    pub lock_ms: u32,
}

impl Log {
    /// Starts the lanes. They end after the last commit, when the server has stopped everything else.
    pub fn start(
        store: &Store,
        clock: &Clock,
        width: Width,
        shutdown: &Shutdown,
    ) -> anyhow::Result<Self> {
        let (lanes, exits) = Lanes::new(width);
        let jam = Jam::default();
        let running = exits.into_iter().map(|exit| {
            let lane = Lane::new(store, clock.clone(), width, exit.load, jam.clone());
            lane.run(exit.drafts, shutdown.firm().clone())
        });
        shutdown.spawn_keepers_apart("souk-log", running.collect())?;
        Ok(Self { lanes })
    }

    /// Queues a draft; `answer` is called once, after the commit. Drafts of one conversation keep the order of their
    /// calls. Refuses with `overloaded` when too many wait: nothing has happened then.
    pub fn submit(&self, draft: Draft, answer: Answer) {
        self.lanes.put(draft, answer);
    }

    /// The same, for callers who wait.
    pub async fn post(&self, draft: Draft) -> Result<Posted> {
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.submit(draft, Box::new(move |result| drop(sender.send(result))));
        answer
            .await
            .unwrap_or_else(|_| Err(Refusal::OutcomeUnknown.into()))
    }
}

/// What the sender hears, and what everybody is shown; a retry shows nothing.
pub(super) fn settle(draft: Draft, outcome: Outcome) -> Result<(Posted, Option<Arc<Event>>)> {
    let posted = Posted {
        conversation: draft.conversation,
        number: outcome.number.unwrap_or_default().cast_unsigned(),
        sent_at: outcome.sent_at.map_or(0, millis),
    };
    match outcome.verdict.as_str() {
        "posted" => {}
        "repeated" => return Ok((posted, None)),
        verdict => return Err(refused(verdict)),
    }
    let address = outcome.address(draft.conversation)?;
    let mut message = draft.message;
    (message.number, message.sent_at, message.version) = (posted.number, posted.sent_at, 1);
    message.quote = outcome.quote;
    if let (true, Some(shop), Some(sender)) = (outcome.as_shop, address.shop(), &mut message.sender)
    {
        sender.shop_id = shop.to_string();
    }
    let event = Event::posted(draft.conversation, address.audiences_of(&message), message);
    Ok((posted, Some(event)))
}

fn refused(verdict: &str) -> Error {
    let code = match verdict {
        "reused" => Refusal::ClientMessageIdReused,
        "closed" => Refusal::ConversationClosed,
        "not_a_member" => Refusal::NotAMember,
        "banned" => Refusal::Banned,
        "muted" => Refusal::Muted,
        "not_found" => Refusal::NotFound,
        other => return anyhow::anyhow!("append_messages said {other:?}").into(),
    };
    code.into()
}
