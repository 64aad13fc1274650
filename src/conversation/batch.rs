//! Drafts that are written together, and who waits for each.

use std::{collections::HashSet, mem, time::Duration};

use tokio::time::Instant;

use super::{Draft, Posted, lanes::Stay, log::Answer, queries::Outcome};
use crate::{
    error::{Refusal, Result, refused_until},
    id::ConversationId,
};

/// After this time a sender hears "outcome unknown" and may ask again with the same client message id.
const PATIENCE: Duration = Duration::from_secs(8);

/// A draft in the queue. Boxed: it is long, and moved a few times before it is written.
pub(super) struct Waiting {
    draft: Box<Draft>,
    caller: Caller,
}

/// Who waits for a draft's place.
pub(super) struct Caller {
    answer: Answer,
    since: Instant,
    stay: Stay,
}

impl Waiting {
    pub(super) fn new(draft: Draft, answer: Answer, stay: Stay) -> Self {
        let since = Instant::now();
        let caller = Caller {
            answer,
            since,
            stay,
        };
        let draft = Box::new(draft);
        Self { draft, caller }
    }

    pub(super) fn answer(self, result: Result<Posted>) {
        (self.caller.answer)(result);
    }
}

/// Drafts that are written together, and who waits for each.
pub(super) struct Batch {
    #[expect(
        clippy::vec_box,
        reason = "a draft is about 1 KiB and comes boxed: pointers are moved, not bytes"
    )]
    pub(super) drafts: Vec<Box<Draft>>,
    pub(super) callers: Vec<Caller>,
}

impl Batch {
    pub(super) fn of(waiting: Vec<Waiting>) -> Self {
        let apart = waiting.into_iter().map(|one| (one.draft, one.caller));
        let (drafts, callers) = apart.unzip();
        Self { drafts, callers }
    }

    /// Each draft with whoever hears what became of it. Its stay ends when that is said.
    pub(super) fn settled(
        self,
        outcomes: Vec<Outcome>,
    ) -> impl Iterator<Item = (Draft, Outcome, Answer, Stay)> {
        let drafts = self.drafts.into_iter().zip(outcomes);
        let settled = drafts.zip(self.callers);
        settled.map(|((draft, outcome), caller)| (*draft, outcome, caller.answer, caller.stay))
    }

    pub(super) fn split_half(&mut self) -> Self {
        let half = self.drafts.len() / 2;
        Self {
            drafts: self.drafts.split_off(half),
            callers: self.callers.split_off(half),
        }
    }

    /// Takes out the drafts for these conversations.
    pub(super) fn split_off(&mut self, held: &HashSet<ConversationId>) -> Self {
        let whole = self.drafts.drain(..).zip(self.callers.drain(..));
        let (out, kept): (Vec<_>, Vec<_>) =
            whole.partition(|(draft, _)| held.contains(&draft.conversation));
        (self.drafts, self.callers) = kept.into_iter().unzip();
        let (drafts, callers) = out.into_iter().unzip();
        Self { drafts, callers }
    }

    /// Nothing has happened, and it is worth trying again.
    pub(super) fn refuse(self) {
        let refused = || refused_until(Refusal::Unavailable, Duration::from_secs(1));
        let answers = self.callers.into_iter().map(|caller| caller.answer);
        answers.for_each(|answer| answer(Err(refused())));
    }

    /// It cannot be written, ever.
    pub(super) fn fail(self) {
        let answers = self.callers.into_iter().map(|caller| caller.answer);
        answers.for_each(|answer| answer(Err(Refusal::Broken.into())));
    }

    /// When the longest waiting has waited long enough.
    pub(super) fn patience(&self) -> Instant {
        let oldest = self.callers.iter().map(|caller| caller.since).min();
        oldest.unwrap_or_else(Instant::now) + PATIENCE
    }
}

/// A client message id twice in one batch would ask the statement to contradict itself: the retry goes with the next.
pub(super) fn apart_from_retries(batch: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
    let mut seen = HashSet::with_capacity(batch.len());
    let key = |one: &Waiting| (one.draft.conversation, one.draft.sender);
    let new: Vec<bool> = batch
        .iter()
        .map(|one| seen.insert((key(one), &one.draft.message.client_message_id)))
        .collect();
    if new.iter().all(|new| *new) {
        return (batch, vec![]);
    }
    let mut new = new.into_iter();
    batch
        .into_iter()
        .partition(|_| new.next().unwrap_or_default())
}

/// They have waited long enough: they are answered, and what may have been written keeps its place.
pub(super) fn give_up(callers: &mut [Caller]) {
    for caller in callers {
        let answer = mem::replace(&mut caller.answer, Box::new(|_| ()));
        answer(Err(refused_until(
            Refusal::OutcomeUnknown,
            Duration::from_secs(1),
        )));
    }
}
