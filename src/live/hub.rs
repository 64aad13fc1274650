//! Who is connected here, and what they are shown.
//!
//! The hub knows which local lines belong to which audience (`live/crowd.rs`) and shows each conversation's events in
//! order (`live/show.rs`). Its maps are locked for lines only; nothing here waits. Lock order: a conversation's [`Order`],
//! then an audience, then a line's belongings or its outbox.

use std::sync::Arc;

use dashmap::DashMap;
use parking_lot::Mutex;
use proto::{ConversationLeft, push};
use tokio::sync::mpsc;

use super::{crowd::Crowd, line::Line, order::Order, recheck::Named, show::heads};
use crate::{
    bus::{Audience, Bus, Recheck},
    conversation::recent::Change,
    event::Frame,
    id::{ConversationId, LineId, UserId},
};

/// What the hub asks its keeper (`live/keeper.rs`) to do, because it takes the database.
#[derive(Debug)]
pub enum Errand {
    /// Something is missing in this conversation: ask the log.
    Fill(ConversationId),
    /// The bus was gone: compare everything.
    Doubt,
}

/// The people on the line at this node.
pub struct Hub {
    lines: DashMap<LineId, Arc<Line>>,
    pub(super) crowd: Crowd,
    pub(super) orders: DashMap<ConversationId, Arc<Mutex<Order>>>,
    /// Whose lines are to be looked at again.
    pub(super) rechecks: Named,
    /// Of those, whose lines go on and are still to be renewed.
    pub(super) renewals: Named,
    errands: mpsc::Sender<Errand>,
}

impl Hub {
    /// An empty hub and its errands. Attach it to the bus to hear.
    pub fn new(bus: Bus) -> (Arc<Self>, mpsc::Receiver<Errand>) {
        let (errands, list) = mpsc::channel(4_096);
        let hub = Self {
            lines: DashMap::new(),
            crowd: Crowd::new(bus),
            orders: DashMap::new(),
            rechecks: Named::default(),
            renewals: Named::default(),
            errands,
        };
        (Arc::new(hub), list)
    }

    /// A line has come. It belongs nowhere yet; whoever lets it in lets it out by [`Self::leave`].
    pub fn arrive(&self, line: &Arc<Line>) {
        self.lines.insert(line.id, line.clone());
    }

    /// A line belongs to `audiences`, too, from now on. Returns when the bus hears for it.
    pub async fn join(&self, line: &Arc<Line>, audiences: &[Audience]) {
        self.crowd.join(line, audiences).await;
    }

    /// A line belongs to exactly these audiences from now on: its person's rights changed.
    pub async fn move_line(&self, line: &Arc<Line>, audiences: &[Audience]) {
        self.crowd
            .thin(line, |audience| audiences.contains(audience));
        self.crowd.join(line, audiences).await;
    }

    /// A line is gone.
    pub fn leave(&self, line: &Line) {
        self.lines.remove(&line.id);
        self.crowd.leave(line);
    }

    /// A line watches these people and nobody else from now on.
    pub async fn watch(&self, line: &Arc<Line>, watched: &[Audience]) {
        self.crowd.thin(line, |audience| {
            !matches!(audience, Audience::Watchers(_)) || watched.contains(audience)
        });
        self.crowd.join(line, watched).await;
    }

    /// The lines of one person here.
    pub fn lines_of(&self, user: UserId) -> Vec<Arc<Line>> {
        self.crowd.lines_of(user)
    }

    /// All lines here.
    pub fn lines(&self) -> Vec<Arc<Line>> {
        self.lines.iter().map(|line| line.clone()).collect()
    }

    /// How many lines are here.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Is nobody here?
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Is anybody of these audiences here?
    pub fn anybody(&self, audiences: &[Audience]) -> bool {
        self.crowd.anybody(audiences)
    }

    /// A membership as the sweep found it: lines that were not told of it begin or cease to follow the group.
    pub fn settle_membership(&self, change: &Change) {
        if let Some(number) = change.left {
            return self.settle_departure(change, number);
        }
        let group = Audience::Group(change.group);
        for line in self.lines_of(change.user) {
            line.arrive(change.group, change.joined);
            if self.crowd.enter(&line, group) {
                line.say(Frame::push(heads(&change.head())));
            }
        }
    }

    /// Message `number` is the last for them: they are told so once they were shown all up to it. What is missing is asked for, and the
    /// next sweep looks again.
    fn settle_departure(&self, change: &Change, number: u64) {
        let group = Audience::Group(change.group);
        let mut lines = self.lines_of(change.user);
        lines.retain(|line| line.audiences().contains(&group));
        if lines.is_empty() {
            return;
        }
        let order = self.orders.get(&change.group).map(|order| order.clone());
        let order = order.as_ref().map(|order| order.lock());
        if order.as_ref().is_some_and(|order| order.behind(number, 0)) {
            return self.ask(Errand::Fill(change.group));
        }
        for line in lines {
            self.show_out(&line, change.group, number);
        }
    }

    /// A line's person does not take part any more after message `number`.
    pub(super) fn show_out(&self, line: &Line, group: ConversationId, number: u64) {
        line.depart(group, number);
        self.crowd.exit(line, Audience::Group(group));
        let left = ConversationLeft {
            conversation_id: group.to_string(),
            number,
        };
        line.say(Frame::push(push::Event::ConversationLeft(left)));
    }

    /// A user's lines are looked at again, if there are any here.
    pub(super) fn recheck(&self, user: UserId, what: Recheck) {
        if self.anybody(&[Audience::User(user)]) {
            self.rechecks.add([(user, what)]);
        }
    }

    /// Errands are few; when the list is full, the sweep will find the same again.
    pub(super) fn ask(&self, errand: Errand) {
        let _ = self.errands.try_send(errand);
    }

    /// Forgets the order of conversations that no line has caught up with and in which nothing has happened since the last
    /// tidying: the sweep has long healed them, and they begin anew with their next event. Gives how many are left.
    pub fn tidy(&self) -> usize {
        self.orders
            .retain(|_, order| Arc::strong_count(order) > 1 || !order.lock().rests());
        self.orders.len()
    }
}
