//! Which lane writes a draft.
//!
//! While anything of a conversation is under way, all of it takes the same lane: so its order holds. Otherwise a draft takes
//! the first lane that has less than half a batch under way. While little is said that is always the same one, and its
//! commits are large: a large commit costs hardly more than a small one. In a flood every lane has enough to do. A lane that
//! has been at one commit for long, because somebody holds a conversation of it, is given no others meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dashmap::{DashMap, Entry};
use parking_lot::Mutex;
use tokio::{sync::mpsc, time::Instant};

use super::{
    Draft,
    batch::Waiting,
    log::{Answer, Width},
};
use crate::{
    error::{Error, Refusal, refused_until},
    id::ConversationId,
};

/// A commit that takes longer waits for somebody, or for the disk.
const LONG: Duration = Duration::from_millis(50);

/// All lanes, seen from those who have something to say.
pub(super) struct Lanes {
    doors: Vec<Door>,
    /// The lane of each conversation of which something is under way, and how much that is.
    taken: DashMap<ConversationId, (usize, usize)>,
    /// With so many drafts under way a lane has enough to do.
    enough: usize,
    /// Drafts that may be under way in all.
    most: usize,
}

/// Where drafts go into a lane.
struct Door {
    queue: mpsc::Sender<Waiting>,
    load: Arc<Load>,
}

/// Where they come out.
pub(super) struct Exit {
    pub(super) drafts: mpsc::Receiver<Waiting>,
    pub(super) load: Arc<Load>,
}

impl Lanes {
    /// So many lanes of this width, and where the drafts of each come out.
    pub(super) fn new(width: Width) -> (Arc<Self>, Vec<Exit>) {
        let most = width.backlog.max(1);
        let open = |_| {
            let (queue, drafts) = mpsc::channel(most);
            let load = Arc::new(Load::default());
            let door = Door {
                queue,
                load: load.clone(),
            };
            (door, Exit { drafts, load })
        };
        let (doors, exits) = (0..width.lanes.max(1)).map(open).unzip();
        let lanes = Self {
            doors,
            taken: DashMap::new(),
            enough: (width.batch / 2).max(1),
            most,
        };
        (Arc::new(lanes), exits)
    }

    /// Queues a draft; `answer` is called once. Refuses with `overloaded` when too many are under way, with
    /// `shutting_down` in the end.
    pub(super) fn put(self: &Arc<Self>, draft: Draft, answer: Answer) {
        if self.under_way() >= self.most {
            return answer(Err(away(Refusal::Overloaded)));
        }
        let stay = self.take(draft.conversation);
        let queue = &self.doors[stay.lane].queue;
        if let Err(full) = queue.try_send(Waiting::new(draft, answer, stay)) {
            let (waiting, code) = match full {
                mpsc::error::TrySendError::Full(waiting) => (waiting, Refusal::Overloaded),
                mpsc::error::TrySendError::Closed(waiting) => (waiting, Refusal::ShuttingDown),
            };
            waiting.answer(Err(away(code)));
        }
    }

    fn take(self: &Arc<Self>, conversation: ConversationId) -> Stay {
        let lane = match self.taken.entry(conversation) {
            Entry::Occupied(mut taken) => {
                taken.get_mut().1 += 1;
                taken.get().0
            }
            Entry::Vacant(free) => {
                let lane = self.choose();
                free.insert((lane, 1));
                lane
            }
        };
        self.doors[lane].load.drafts.fetch_add(1, Ordering::Relaxed);
        Stay {
            lanes: self.clone(),
            conversation,
            lane,
        }
    }

    /// The first lane that has not enough to do, or else the one with the least.
    fn choose(&self) -> usize {
        let loads = || self.doors.iter().map(|door| &door.load);
        let free = |load: &Arc<Load>| load.drafts() < self.enough && !load.long();
        let first = loads().position(free);
        let least = || (0..self.doors.len()).min_by_key(|lane| self.doors[*lane].load.drafts());
        first.or_else(least).unwrap_or_default()
    }

    fn under_way(&self) -> usize {
        self.doors.iter().map(|door| door.load.drafts()).sum()
    }
}

fn away(code: Refusal) -> Error {
    refused_until(code, Duration::from_secs(1))
}

/// What a lane has to do.
#[derive(Debug, Default)]
pub(super) struct Load {
    drafts: AtomicUsize,
    /// When the commit under way began; none: the lane waits for work.
    since: Mutex<Option<Instant>>,
}

impl Load {
    fn drafts(&self) -> usize {
        self.drafts.load(Ordering::Relaxed)
    }

    /// A commit begins.
    pub(super) fn begin(&self) {
        *self.since.lock() = Some(Instant::now());
    }

    /// No commit is under way.
    pub(super) fn rest(&self) {
        *self.since.lock() = None;
    }

    fn long(&self) -> bool {
        let since = *self.since.lock();
        since.is_some_and(|since| since.elapsed() > LONG)
    }
}

/// A draft is under way until this is dropped.
pub(super) struct Stay {
    lanes: Arc<Lanes>,
    conversation: ConversationId,
    lane: usize,
}

impl Drop for Stay {
    fn drop(&mut self) {
        let load = &self.lanes.doors[self.lane].load;
        load.drafts.fetch_sub(1, Ordering::Relaxed);
        if let Entry::Occupied(mut taken) = self.lanes.taken.entry(self.conversation) {
            taken.get_mut().1 -= 1;
            if taken.get().1 == 0 {
                taken.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::Message;
    use uuid::Uuid;

    use super::*;

    /// Two lanes whose commits take ten drafts; thirty may be under way.
    fn lanes() -> (Arc<Lanes>, Vec<Exit>) {
        Lanes::new(Width {
            lanes: 2,
            batch: 10,
            backlog: 30,
            lock_ms: 1_000,
        })
    }

    fn say(lanes: &Arc<Lanes>, conversation: u128) -> Arc<Mutex<Option<Refusal>>> {
        let draft = Draft {
            conversation: ConversationId(Uuid::from_u128(conversation)),
            sender: None,
            message: Message::default(),
            fingerprint: None,
        };
        let heard = Arc::<Mutex<_>>::default();
        let hear = heard.clone();
        let answer = move |said: crate::error::Result<_>| {
            *hear.lock() = said.err().and_then(|refused| refused.refusal());
        };
        lanes.put(draft, Box::new(answer));
        heard
    }

    fn taken(exit: &mut Exit) -> Vec<Waiting> {
        let mut drafts = vec![];
        while let Ok(one) = exit.drafts.try_recv() {
            drafts.push(one);
        }
        drafts
    }

    #[test]
    fn while_little_is_said_one_lane_has_it_all_and_more_goes_to_the_next() {
        let (lanes, mut exits) = lanes();
        (0..8).for_each(|conversation| drop(say(&lanes, conversation)));
        assert_eq!(taken(&mut exits[0]).len(), 5);
        assert_eq!(taken(&mut exits[1]).len(), 3);
        assert_eq!(lanes.under_way(), 0, "they have left");
    }

    #[test]
    fn a_conversation_stays_with_its_lane_until_all_of_it_has_left() {
        let (lanes, mut exits) = lanes();
        (0..5).for_each(|conversation| drop(say(&lanes, conversation)));
        say(&lanes, 7);
        let under_way = taken(&mut exits[1]);
        drop(taken(&mut exits[0]));
        say(&lanes, 7);
        assert_eq!(
            taken(&mut exits[1]).len(),
            1,
            "the first lane would be free"
        );
        drop(under_way);
        say(&lanes, 7);
        assert_eq!(taken(&mut exits[0]).len(), 1);
        assert!(lanes.taken.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_that_is_long_at_one_commit_is_given_no_others() {
        let (lanes, mut exits) = lanes();
        say(&lanes, 1);
        let _held = taken(&mut exits[0]);
        exits[0].load.begin();
        tokio::time::advance(LONG * 2).await;
        (1..4).for_each(|conversation| drop(say(&lanes, conversation)));
        assert_eq!(taken(&mut exits[0]).len(), 1, "what is under way there");
        assert_eq!(taken(&mut exits[1]).len(), 2);
        exits[0].load.rest();
        say(&lanes, 5);
        assert_eq!(taken(&mut exits[0]).len(), 1);
    }

    #[test]
    fn no_more_are_under_way_than_may_be_and_none_at_the_end() {
        let (lanes, mut exits) = lanes();
        let heard: Vec<_> = (0..31).map(|one| say(&lanes, one)).collect();
        assert_eq!(*heard[29].lock(), None);
        assert_eq!(*heard[30].lock(), Some(Refusal::Overloaded));
        for exit in &mut exits {
            exit.drafts.close();
            taken(exit);
        }
        assert_eq!(*say(&lanes, 1).lock(), Some(Refusal::ShuttingDown));
        assert_eq!(lanes.under_way(), 0);
    }
}
