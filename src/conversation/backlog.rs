//! What waits to be written, and which lane takes how much of it.
//!
//! A conversation always waits in the same row, and one lane at a time serves a row: so its order holds. A lane takes as
//! many rows as fit into one batch. While little is said that is all of them, for a large commit costs little more than a
//! small one; only when a batch is full does the next lane find rows left, and in a flood all lanes have enough to do.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::batch::Waiting;
use crate::{
    error::{Refusal, refused_until},
    id::ConversationId,
};

/// While there is company, a commit begins so long after the last one at the soonest, for each draft of that one: many
/// small commits would take the processor from those whom they are for. A lonely message waits for nobody, a few hardly;
/// from some 4,000 messages a second on, commits are [`LONGEST_GATHERING`] apart. A full batch never waits.
const GATHERING: Duration = Duration::from_micros(250);
const LONGEST_GATHERING: Duration = Duration::from_millis(8);
/// Rows for each lane: what one conversation holds up is its row.
const ROWS: usize = 8;

/// What waits to be written.
pub(super) struct Backlog {
    rows: Mutex<Rows>,
    /// Wakes one lane that has nothing to do.
    work: Notify,
    /// Drafts that one commit takes at most.
    batch: usize,
}

struct Rows {
    all: Vec<Row>,
    /// Drafts that may wait yet.
    room: usize,
    /// No commit of less than a whole batch begins before.
    not_before: Instant,
    /// A lane waits for that time already.
    gathering: bool,
    closed: bool,
}

#[derive(Default)]
struct Row {
    waiting: VecDeque<Waiting>,
    /// A lane serves it.
    taken: bool,
    /// The database does not answer its lane: whoever comes is sent away at once.
    stuck: bool,
}

/// What a lane finds when it looks for work.
enum Found {
    Work(Share, Vec<Waiting>),
    /// It shall gather until then.
    Company(Instant),
    Nothing,
    /// Nothing will come any more.
    TheEnd,
}

impl Backlog {
    /// For so many lanes, whose commits take at most `batch` drafts; `most` drafts may wait in all.
    pub(super) fn new(lanes: usize, batch: usize, most: usize) -> Arc<Self> {
        let rows = Rows {
            all: (0..lanes.max(1) * ROWS).map(|_| Row::default()).collect(),
            room: most.max(1),
            not_before: Instant::now(),
            gathering: false,
            closed: false,
        };
        Arc::new(Self {
            rows: Mutex::new(rows),
            work: Notify::new(),
            batch: batch.max(1),
        })
    }

    /// Puts a draft at the end of its conversation's row, or answers it at once: `overloaded` when too many wait,
    /// `unavailable` while the row is stuck, `shutting_down` in the end.
    pub(super) fn put(&self, draft: Waiting) {
        match self.rows.lock().put(draft) {
            Ok(true) => self.work.notify_one(),
            Ok(false) => {}
            Err((draft, code)) => send_away(draft, code),
        }
    }

    /// What a lane shall write next, each conversation's drafts in the order of their calls; none: the server stops, and nothing is left. Cancelling it may keep others waiting.
    pub(super) async fn next(
        self: &Arc<Self>,
        stop: &CancellationToken,
    ) -> Option<(Share, Vec<Waiting>)> {
        loop {
            match self.look() {
                Found::Work(share, drafts) => return Some((share, drafts)),
                Found::TheEnd => return None,
                Found::Company(until) => {
                    sleep_until(until).await;
                    self.rows.lock().gathering = false;
                }
                Found::Nothing => tokio::select! {
                    () = self.work.notified() => {}
                    () = stop.cancelled() => self.rows.lock().closed = true,
                },
            }
        }
    }

    fn look(self: &Arc<Self>) -> Found {
        let mut rows = self.rows.lock();
        let (now, waiting) = (Instant::now(), rows.waiting());
        if waiting == 0 || rows.gathering {
            return if rows.closed {
                Found::TheEnd
            } else {
                Found::Nothing
            };
        }
        if waiting < self.batch && now < rows.not_before {
            rows.gathering = true;
            return Found::Company(rows.not_before);
        }
        let (served, drafts) = rows.take(self.batch);
        rows.not_before = now + gathering(drafts.len());
        if waiting > drafts.len() {
            self.work.notify_one();
        }
        let backlog = self.clone();
        let share = Share {
            backlog,
            rows: served,
        };
        Found::Work(share, drafts)
    }
}

impl Rows {
    /// Says whether a lane should be woken for it.
    fn put(&mut self, draft: Waiting) -> Result<bool, (Waiting, Refusal)> {
        let row = self.row_of(draft.conversation());
        match (self.closed, self.all[row].stuck, self.room) {
            (true, ..) => return Err((draft, Refusal::ShuttingDown)),
            (_, true, _) => return Err((draft, Refusal::Unavailable)),
            (.., 0) => return Err((draft, Refusal::Overloaded)),
            _ => {}
        }
        self.room -= 1;
        self.all[row].waiting.push_back(draft);
        Ok(!self.all[row].taken && !self.gathering)
    }

    /// Drafts in rows that no lane serves.
    fn waiting(&self) -> usize {
        let free = self.all.iter().filter(|row| !row.taken);
        free.map(|row| row.waiting.len()).sum()
    }

    /// Takes the row whose first has waited longest, as far as a batch reaches, and whatever else fits into it whole.
    fn take(&mut self, batch: usize) -> (Vec<usize>, Vec<Waiting>) {
        let mut free: Vec<_> = (0..self.all.len())
            .filter(|row| !self.all[*row].taken)
            .filter_map(|row| Some((self.all[row].waiting.front()?.since(), row)))
            .collect();
        free.sort_unstable();
        let (mut taken, mut drafts) = (Vec::with_capacity(free.len()), Vec::new());
        for (_, place) in free {
            let (row, left) = (&mut self.all[place], batch - drafts.len());
            if drafts.is_empty() || row.waiting.len() <= left {
                drafts.extend(row.waiting.drain(..left.min(row.waiting.len())));
                row.taken = true;
                taken.push(place);
            }
        }
        self.room += drafts.len();
        (taken, drafts)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "any part of the hash will do"
    )]
    fn row_of(&self, conversation: ConversationId) -> usize {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(conversation) as usize
            % self.all.len()
    }
}

/// The rows that a lane serves now, until it drops this.
pub(super) struct Share {
    backlog: Arc<Backlog>,
    rows: Vec<usize>,
}

impl Share {
    /// These are the first of their rows again: they go with the next commit.
    pub(super) fn put_back(&self, drafts: Vec<Waiting>) {
        let mut rows = self.backlog.rows.lock();
        for draft in drafts.into_iter().rev() {
            let row = rows.row_of(draft.conversation());
            rows.room = rows.room.saturating_sub(1);
            rows.all[row].waiting.push_front(draft);
        }
    }

    /// The database does not answer: who waits in these rows, and who comes, is sent away untried.
    pub(super) fn stand_still(&self) {
        let mut away = Vec::new();
        {
            let mut rows = self.backlog.rows.lock();
            for row in &self.rows {
                rows.all[*row].stuck = true;
                away.extend(rows.all[*row].waiting.drain(..));
            }
            rows.room += away.len();
        }
        for draft in away {
            send_away(draft, Refusal::Unavailable);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut rows = self.backlog.rows.lock();
        for row in &self.rows {
            (rows.all[*row].taken, rows.all[*row].stuck) = (false, false);
        }
    }
}

fn send_away(draft: Waiting, code: Refusal) {
    draft.answer(Err(refused_until(code, Duration::from_secs(1))));
}

/// How long after the beginning of a commit of so many drafts the next one begins at the soonest.
fn gathering(drafts: usize) -> Duration {
    let company = u32::try_from(drafts.saturating_sub(1)).unwrap_or(u32::MAX);
    GATHERING.saturating_mul(company).min(LONGEST_GATHERING)
}

#[cfg(test)]
mod tests {
    use proto::Message;
    use uuid::Uuid;

    use super::*;
    use crate::{conversation::Draft, error::Error};

    const BATCH: usize = 100;

    /// Of two lanes.
    fn backlog(most: usize) -> Arc<Backlog> {
        Backlog::new(2, BATCH, most)
    }

    fn draft(conversation: u128, word: usize) -> Draft {
        Draft {
            conversation: ConversationId(Uuid::from_u128(conversation)),
            sender: None,
            message: Message {
                text: word.to_string(),
                ..Message::default()
            },
            fingerprint: None,
        }
    }

    /// Says it; what is answered at once is kept.
    fn say(
        backlog: &Backlog,
        conversation: u128,
        word: usize,
        refused: &Arc<Mutex<Vec<Option<Refusal>>>>,
    ) {
        let refused = refused.clone();
        let keep = move |said: crate::error::Result<_>| {
            refused
                .lock()
                .push(said.err().as_ref().and_then(Error::refusal));
        };
        backlog.put(Waiting::new(draft(conversation, word), Box::new(keep)));
    }

    fn words(drafts: &[Waiting], conversation: u128) -> Vec<String> {
        let id = ConversationId(Uuid::from_u128(conversation));
        let drafts = drafts.iter().filter(|one| one.conversation() == id);
        drafts.map(|one| one.text().to_owned()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn while_little_is_said_one_lane_takes_it_all() {
        let (backlog, stop, none) = (backlog(1_000), CancellationToken::new(), Arc::default());
        (0..60).for_each(|word| say(&backlog, word as u128 % 20, word, &none));
        let (_share, drafts) = backlog.next(&stop).await.expect("work");
        assert_eq!(drafts.len(), 60);
        assert_eq!(words(&drafts, 7), ["7", "27", "47"]);
        assert!(none.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_batch_leaves_rows_to_the_next_lane_and_never_a_part_of_what_is_under_way() {
        let (backlog, stop, none) = (backlog(1_000), CancellationToken::new(), Arc::default());
        (0..400).for_each(|word| say(&backlog, word as u128 % 40, word, &none));
        let (_share, one) = backlog.next(&stop).await.expect("work");
        let (_other, other) = backlog.next(&stop).await.expect("work for the second lane");
        let of = |drafts: &[Waiting]| -> std::collections::HashSet<_> {
            drafts.iter().map(Waiting::conversation).collect()
        };
        assert!(one.len() <= BATCH && other.len() <= BATCH);
        assert!(of(&one).is_disjoint(&of(&other)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_conversation_under_way_waits_for_its_lane_and_keeps_its_order() {
        let (backlog, stop, none) = (backlog(1_000), CancellationToken::new(), Arc::default());
        say(&backlog, 1, 1, &none);
        let (share, again) = backlog.next(&stop).await.expect("work");
        (2..4).for_each(|word| say(&backlog, 1, word, &none));
        assert!(matches!(backlog.look(), Found::Nothing));
        // The first was a retry of another: it goes before what has come since.
        share.put_back(again);
        drop(share);
        let (_share, drafts) = backlog.next(&stop).await.expect("work");
        assert_eq!(words(&drafts, 1), ["1", "2", "3"]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stands_in_a_stuck_row_is_sent_away_and_others_are_not() {
        let (backlog, stop, refused) = (backlog(1_000), CancellationToken::new(), Arc::default());
        say(&backlog, 1, 1, &refused);
        let (share, _) = backlog.next(&stop).await.expect("work");
        say(&backlog, 1, 2, &refused);
        share.stand_still();
        say(&backlog, 1, 3, &refused);
        assert_eq!(*refused.lock(), [Some(Refusal::Unavailable); 2]);
        drop(share);
        say(&backlog, 1, 4, &refused);
        let (_share, drafts) = backlog.next(&stop).await.expect("work");
        assert_eq!(words(&drafts, 1), ["4"]);
        assert_eq!(refused.lock().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_wait_than_there_is_room_for_and_none_at_the_end() {
        let (backlog, stop, refused) = (backlog(3), CancellationToken::new(), Arc::default());
        (0..5).for_each(|word| say(&backlog, word as u128, word, &refused));
        assert_eq!(*refused.lock(), [Some(Refusal::Overloaded); 2]);
        stop.cancel();
        let (_share, drafts) = backlog
            .next(&stop)
            .await
            .expect("what waits is written still");
        assert_eq!(drafts.len(), 3);
        assert!(backlog.next(&stop).await.is_none());
        say(&backlog, 1, 9, &refused);
        assert_eq!(refused.lock().last(), Some(&Some(Refusal::ShuttingDown)));
    }

    #[test]
    fn the_more_company_the_longer_a_lane_gathers_and_a_lonely_message_waits_for_nobody() {
        let micros = |drafts| gathering(drafts).as_micros();
        assert_eq!([0, 1, 2, 5].map(micros), [0, 0, 250, 1_000]);
        assert_eq!([33, 500, usize::MAX].map(micros), [8_000; 3]);
    }
}
