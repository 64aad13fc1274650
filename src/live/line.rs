//! One open socket of an authenticated person, as the hub sees it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::{Mutex, RwLock};
use proto::{AlertKind, Reply, ServerFrame, reply::Answer, server_frame::Kind};
use tokio::time::Instant;

use super::{
    close::Close,
    order::Order,
    outbox::{Format, Outbox},
    times::Times,
};
use crate::{
    actor::Actor,
    bus::Audience,
    conversation::Time,
    error::Result,
    event::{Event, Frame},
    id::{ConversationId, LineId},
};

/// Between two signs of typing of one line that are passed on; those in between are dropped.
const TYPING_GAP: Duration = Duration::from_secs(1);

/// An open socket.
#[derive(Debug)]
pub struct Line {
    /// Its id on this node.
    pub id: LineId,
    /// Its wire format.
    pub format: Format,
    /// What waits to be written.
    pub outbox: Outbox,
    actor: RwLock<Arc<Actor>>,
    unwanted: RwLock<Vec<AlertKind>>,
    belongings: Mutex<Belongings>,
    typed_at: Mutex<Option<Instant>>,
}

/// Where the line belongs and what it follows: one lock for all of it, the last to be taken.
#[derive(Debug, Default)]
struct Belongings {
    /// The person's times in each group, as far as they are known here.
    times: Times,
    audiences: Vec<Audience>,
    /// The orders that the line relies on: the hub keeps them while somebody does.
    orders: BTreeMap<ConversationId, Arc<Mutex<Order>>>,
    /// Groups left, each with the last message: what was read before that must not bring the line back.
    departed: Vec<(ConversationId, u64)>,
    /// The socket is closed: it belongs nowhere any more.
    gone: bool,
}

impl Line {
    /// A line that belongs nowhere yet.
    pub fn new(actor: Actor, format: Format, queue_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            id: LineId::new(),
            format,
            outbox: Outbox::new(queue_bytes),
            actor: RwLock::new(Arc::new(actor)),
            unwanted: RwLock::default(),
            belongings: Mutex::default(),
            typed_at: Mutex::default(),
        })
    }

    /// Who is on it, with the rights they hold now.
    pub fn actor(&self) -> Arc<Actor> {
        self.actor.read().clone()
    }

    /// The same person with other rights.
    pub fn renew(&self, actor: Actor) {
        *self.actor.write() = Arc::new(actor);
    }

    /// The alerts that this person has switched off (ALRT-04).
    pub fn mute_alerts(&self, kinds: Vec<AlertKind>) {
        *self.unwanted.write() = kinds;
    }

    /// Does this person want alerts of this kind?
    pub fn wants(&self, kind: AlertKind) -> bool {
        !self.unwanted.read().contains(&kind)
    }

    /// Queues an event, unless it is an alert that this person does not want.
    pub fn show(&self, event: &Arc<Event>) {
        if event.alert.is_none_or(|kind| self.wants(kind)) && self.may_see(event) {
            self.outbox.show(event);
        }
    }

    /// A change of a message that was said outside this person's times in the group is not for them; one of an earlier
    /// time of theirs is (docs/decisions/005-seen-is-seen-as-it-is.md).
    fn may_see(&self, event: &Event) -> bool {
        event
            .redraws
            .is_none_or(|(group, number)| self.belongings.lock().times.hold(group, number))
    }

    /// All times of this person in a group that they are in, as the database has them.
    pub(super) fn sees(&self, group: ConversationId, times: Vec<Time>) {
        let mut own = self.belongings.lock();
        let departed = own.departed.iter().find(|(one, _)| *one == group);
        let left = departed.map(|(_, left)| *left);
        own.times.learn(group, times, left);
    }

    /// The person has caught up with a conversation and relies on its order from now on.
    pub(super) fn follow(&self, conversation: ConversationId, order: Arc<Mutex<Order>>) {
        let mut own = self.belongings.lock();
        if !own.gone {
            own.orders.insert(conversation, order);
        }
    }

    /// May another sign of typing be passed on? Once a second.
    pub fn may_type(&self) -> bool {
        let (mut typed_at, now) = (self.typed_at.lock(), Instant::now());
        let due = typed_at.is_none_or(|at| now.duration_since(at) >= TYPING_GAP);
        if due {
            *typed_at = Some(now);
        }
        due
    }

    /// Queues a frame for this line alone.
    pub fn say(&self, frame: Frame) {
        self.outbox.say(frame);
    }

    /// Answers a request.
    pub fn reply(&self, id: u64, result: Result<Answer>) {
        let answer = result.unwrap_or_else(|error| Answer::Refused(error.to_refused()));
        let reply = Reply {
            id,
            answer: Some(answer),
        };
        self.say(Frame::new(&ServerFrame {
            kind: Some(Kind::Reply(reply)),
        }));
    }

    /// Says good-bye and closes.
    pub fn close(&self, close: Close) {
        self.outbox.close(close);
    }

    /// Notes that it belongs to an audience; false if it did already, has left that group meanwhile, or is gone.
    pub(super) fn enter(&self, audience: Audience) -> bool {
        let mut own = self.belongings.lock();
        let departed = |group| own.departed.iter().any(|(one, _)| *one == group);
        let departed = matches!(audience, Audience::Group(group) if departed(group));
        if own.gone || departed || own.audiences.contains(&audience) {
            return false;
        }
        own.audiences.push(audience);
        true
    }

    pub(super) fn exit(&self, audience: Audience) {
        self.belongings
            .lock()
            .audiences
            .retain(|one| *one != audience);
    }

    /// The socket is closed. Gives where it belonged.
    pub(super) fn vanish(&self) -> Vec<Audience> {
        let mut own = self.belongings.lock();
        own.gone = true;
        own.orders.clear();
        std::mem::take(&mut own.audiences)
    }

    /// Is the socket closed?
    pub(super) fn gone(&self) -> bool {
        self.belongings.lock().gone
    }

    /// The person has left a group with message `number`: a list of memberships read before that must not bring the line
    /// back.
    pub(super) fn depart(&self, group: ConversationId, number: u64) {
        let mut own = self.belongings.lock();
        own.departed.retain(|(one, _)| *one != group);
        own.departed.push((group, number));
        own.times.end(group, number);
    }

    /// The person is in a group again, from message `joined` on. A membership that began before the line left the group
    /// is old news.
    pub(super) fn arrive(&self, group: ConversationId, joined: u64) {
        let mut own = self.belongings.lock();
        own.departed
            .retain(|(one, left)| *one != group || *left >= joined);
        own.times.begin(group, joined);
    }

    /// Where it belongs.
    pub fn audiences(&self) -> Vec<Audience> {
        self.belongings.lock().audiences.clone()
    }
}
