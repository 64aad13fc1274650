//! Keeps the events of one conversation in order on this node, whatever way they came.
//!
//! Pure: it is offered events and says which to show now. Two nodes may commit messages 7 and 8 and their bulletins may
//! arrive the other way round, twice, or not at all; people on this node are shown 7, then 8, each once. A hole is
//! filled from the log by `live/keeper.rs`.
//!
//! An order begins where the first of its people has caught up ([`Order::begin`]), or with its first event. Of what lies
//! before that nothing is known here: it is shown when it comes late, because somebody may wait for it, and a client drops
//! what it has.

use std::{collections::BTreeMap, sync::Arc};

use crate::event::{Counter, Event};

/// Events that wait for a hole to be filled, at most; beyond, they are dropped, for filling brings them too.
const PATIENT: usize = 256;

/// What has been shown of one conversation on this node.
#[derive(Debug, Default)]
pub struct Order {
    numbers: Track,
    revisions: Track,
    /// The head that people were told of what was never shown.
    told: (u64, u64),
    resting: bool,
}

/// One dense counter.
#[derive(Debug, Default)]
struct Track {
    /// Everything from `first` up to here was shown; nothing while it has not begun.
    shown: Option<u64>,
    /// Where it began.
    first: u64,
    waiting: BTreeMap<u64, Arc<Event>>,
}

/// What to do with an offered event.
#[derive(Debug)]
pub enum Offer {
    /// Show these, in this order.
    Show(Vec<Arc<Event>>),
    /// It was shown before.
    Seen,
    /// Something before it is missing: ask the log.
    Hole,
}

impl Order {
    /// An event has arrived.
    pub fn offer(&mut self, counter: Counter, event: &Arc<Event>) -> Offer {
        self.resting = false;
        match counter {
            Counter::Number(number) => self.numbers.offer(number, event),
            Counter::Revision(revision) => self.revisions.offer(revision, event),
        }
    }

    /// Somebody here has caught up to `number` and `revision`: from there on they rely on this order. Gives whether it
    /// began later than that and what lies between must be shown anew from the log.
    pub fn begin(&mut self, number: u64, revision: u64) -> bool {
        self.resting = false;
        let numbers = self.numbers.begin(number);
        self.revisions.begin(revision) || numbers
    }

    /// The log stands at `number` and `revision`. Is something missing here? Nothing is where nothing has begun.
    pub fn behind(&self, number: u64, revision: u64) -> bool {
        self.numbers.behind(number) || self.revisions.behind(revision)
    }

    /// The log stands at `number` and `revision`. Must people be told, because one of them lies before what is known here?
    /// Once for each head.
    pub fn must_tell(&mut self, number: u64, revision: u64) -> bool {
        let news = |track: &Track, at: u64, told: u64| track.knows_nothing_of(at) && at > told;
        let must = news(&self.numbers, number, self.told.0)
            || news(&self.revisions, revision, self.told.1);
        if must {
            self.told = (number, revision);
            self.resting = false;
        }
        must
    }

    /// Nothing has happened since this was last asked, and nothing waits.
    pub fn rests(&mut self) -> bool {
        let waits = !self.numbers.waiting.is_empty() || !self.revisions.waiting.is_empty();
        std::mem::replace(&mut self.resting, true) && !waits
    }

    /// The last message and change shown, if any were.
    pub fn shown(&self) -> (Option<u64>, Option<u64>) {
        (self.numbers.shown, self.revisions.shown)
    }

    /// Everything up to here counts as shown: the log has been asked. Gives what can be shown now of what waited. Where
    /// nothing was ever shown nothing changes: what comes first is where it begins.
    pub fn advance(&mut self, counter: Counter) -> Vec<Arc<Event>> {
        match counter {
            Counter::Number(number) => self.numbers.advance(number),
            Counter::Revision(revision) => self.revisions.advance(revision),
        }
    }
}

impl Track {
    fn begin(&mut self, at: u64) -> bool {
        let late = self.shown.is_some() && self.first > at + 1;
        if late || self.shown.is_none() {
            (self.shown, self.first) = (Some(at), at + 1);
        }
        late
    }

    fn knows_nothing_of(&self, at: u64) -> bool {
        self.shown.is_none() || at < self.first
    }

    fn offer(&mut self, at: u64, event: &Arc<Event>) -> Offer {
        let Some(shown) = self.shown else {
            self.begin(at.saturating_sub(1));
            return self.offer(at, event);
        };
        if at < self.first {
            return Offer::Show(vec![event.clone()]);
        }
        let next = shown + 1;
        if at < next {
            return Offer::Seen;
        }
        if at > next {
            if self.waiting.len() < PATIENT {
                self.waiting.insert(at, event.clone());
            }
            return Offer::Hole;
        }
        self.shown = Some(at);
        let mut ready = vec![event.clone()];
        ready.extend(self.advance(at));
        Offer::Show(ready)
    }

    fn advance(&mut self, to: u64) -> Vec<Arc<Event>> {
        let mut ready = Vec::new();
        let Some(before) = self.shown else {
            return ready;
        };
        self.shown = Some(before.max(to));
        while let Some(entry) = self.waiting.first_entry() {
            let shown = self.shown.unwrap_or_default();
            match *entry.key() {
                at if at <= shown => drop(entry.remove()),
                at if at == shown + 1 => {
                    self.shown = Some(at);
                    ready.push(entry.remove());
                }
                _ => break,
            }
        }
        ready
    }

    fn behind(&self, at: u64) -> bool {
        self.shown.is_some_and(|shown| shown < at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::ConversationId;

    fn event(number: u64) -> Arc<Event> {
        let message = proto::Message {
            number,
            ..Default::default()
        };
        Event::posted(ConversationId::new(), vec![], message)
    }

    fn number(event: &Event) -> u64 {
        match event.step.unwrap().counter {
            Counter::Number(number) | Counter::Revision(number) => number,
        }
    }

    #[test]
    fn the_first_event_of_a_conversation_is_where_it_begins() {
        let mut order = Order::default();
        assert!(!order.behind(9, 0));
        assert!(
            matches!(order.offer(Counter::Number(7), &event(7)), Offer::Show(shown) if shown.len() == 1)
        );
        assert!(order.behind(9, 0) && !order.behind(7, 5));
    }

    #[test]
    fn filling_a_hole_lets_the_waiting_through() {
        let mut order = Order::default();
        order.offer(Counter::Number(1), &event(1));
        assert!(matches!(
            order.offer(Counter::Number(4), &event(4)),
            Offer::Hole
        ));
        let freed = order.advance(Counter::Number(3));
        assert_eq!(
            freed.iter().map(|event| number(event)).collect::<Vec<_>>(),
            [4]
        );
    }

    #[test]
    fn filling_does_not_begin_what_was_never_shown() {
        let mut order = Order::default();
        assert!(order.advance(Counter::Number(11)).is_empty());
        assert!(matches!(
            order.offer(Counter::Number(11), &event(11)),
            Offer::Show(_)
        ));
    }

    #[test]
    fn people_are_told_each_head_once_while_nothing_was_shown() {
        let mut order = Order::default();
        assert!(order.must_tell(7, 0) && !order.must_tell(7, 0) && order.must_tell(8, 0));
        order.offer(Counter::Number(9), &event(9));
        assert!(!order.must_tell(10, 0), "the log is asked for it instead");
        assert!(order.must_tell(10, 1), "no change was ever shown");
    }

    #[test]
    fn what_comes_after_the_catching_up_of_somebody_is_shown_in_order() {
        let mut order = Order::default();
        assert!(!order.begin(5, 0));
        assert!(matches!(
            order.offer(Counter::Number(7), &event(7)),
            Offer::Hole
        ));
        let shown = order.offer(Counter::Number(6), &event(6));
        assert!(matches!(shown, Offer::Show(shown) if shown.len() == 2));
        assert!(!order.begin(9, 0), "it has begun");
        assert_eq!(order.shown().0, Some(7));
    }

    #[test]
    fn what_is_older_than_the_beginning_is_shown_when_it_comes_late_or_told() {
        let mut order = Order::default();
        order.begin(6, 0);
        assert!(order.must_tell(6, 0) && !order.must_tell(6, 0));
        assert!(
            matches!(order.offer(Counter::Number(6), &event(6)), Offer::Show(shown) if shown.len() == 1)
        );
        assert!(!order.behind(6, 0) && order.behind(7, 0));
    }

    #[test]
    fn a_beginning_later_than_somebodys_cursor_is_taken_back() {
        let mut order = Order::default();
        order.offer(Counter::Number(8), &event(8));
        assert!(!order.begin(7, 0), "nothing lies between");
        assert!(order.begin(6, 0));
        assert!(order.behind(8, 0));
        assert_eq!(order.advance(Counter::Number(8)).len(), 0);
    }

    #[test]
    fn an_order_rests_when_nothing_happens_between_two_looks() {
        let mut order = Order::default();
        order.offer(Counter::Number(1), &event(1));
        assert!(!order.rests() && order.rests());
        order.offer(Counter::Number(2), &event(2));
        assert!(!order.rests());
        order.offer(Counter::Number(4), &event(4));
        assert!(!order.rests() && !order.rests(), "4 waits for 3");
    }

    proptest! {
        /// Whatever the order, loss and repetition of arrival: what is shown rises by exactly one, and with the holes
        /// filled from the log all of it is shown.
        #[test]
        fn shown_is_dense(arrivals in proptest::collection::vec(1_u64..20, 0..60)) {
            let mut order = Order::default();
            let mut shown = vec![];
            for at in std::iter::once(1).chain(arrivals) {
                match order.offer(Counter::Number(at), &event(at)) {
                    Offer::Show(events) => shown.extend(events.iter().map(|event| number(event))),
                    Offer::Seen => prop_assert!(shown.contains(&at)),
                    Offer::Hole => prop_assert!(order.behind(at, 0)),
                }
            }
            prop_assert_eq!(&shown, &(1..=shown.len() as u64).collect::<Vec<_>>());
            let last = order.shown().0.unwrap();
            let filled = order.advance(Counter::Number(19));
            prop_assert!(filled.iter().all(|event| number(event) > last.max(19)));
            prop_assert!(!order.behind(19, 0));
        }
    }
}
