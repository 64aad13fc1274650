//! Who is connected here, and what they are shown.
//!
//! The hub knows which local lines belong to which audience and keeps each conversation's events in order. Its maps
//! are locked for lines only; nothing here waits. Lock order: a conversation's [`Order`], then an audience, then an outbox.

use std::{collections::HashSet, sync::Arc};

use dashmap::DashMap;
use parking_lot::Mutex;
use proto::{ConversationLeft, Head, Heartbeat, push};
use tokio::sync::mpsc;

use super::{
    line::Line,
    order::{Offer, Order},
};
use crate::{
    bus::{Audience, Bus, Listener},
    conversation::recent::Change,
    event::{Counter, Event, Frame},
    id::{ConversationId, LineId, UserId},
};

/// What the hub asks its keeper (`live/keeper.rs`) to do, because it takes the database.
#[derive(Debug)]
pub enum Errand {
    /// Something is missing in this conversation: ask the log.
    Fill(ConversationId),
    /// A user's sessions or rights changed.
    LookAgain(UserId),
    /// The bus was gone: compare everything.
    Doubt,
}

/// The people on the line at this node.
pub struct Hub {
    lines: DashMap<LineId, Arc<Line>>,
    audiences: DashMap<Audience, Vec<Arc<Line>>>,
    orders: DashMap<ConversationId, Arc<Mutex<Order>>>,
    errands: mpsc::Sender<Errand>,
    bus: Bus,
}

impl Hub {
    /// An empty hub and its errands. Attach it to the bus to hear.
    pub fn new(bus: Bus) -> (Arc<Self>, mpsc::Receiver<Errand>) {
        let (errands, list) = mpsc::channel(4_096);
        let hub = Self {
            lines: DashMap::new(),
            audiences: DashMap::new(),
            orders: DashMap::new(),
            errands,
            bus,
        };
        (Arc::new(hub), list)
    }

    /// A line has come. It belongs nowhere yet; whoever lets it in lets it out by [`Self::leave`].
    pub fn arrive(&self, line: &Arc<Line>) {
        self.lines.insert(line.id, line.clone());
    }

    /// A line belongs to `audiences`, too, from now on. Returns when the bus hears for it.
    pub async fn join(&self, line: &Arc<Line>, audiences: &[Audience]) {
        for audience in audiences {
            self.enter(line, *audience);
        }
        self.bus.confirmed(audiences).await;
    }

    /// Puts a line into an audience; the bus follows it from the first one there. False: it was there already.
    fn enter(&self, line: &Arc<Line>, audience: Audience) -> bool {
        if !line.enter(audience) {
            return false;
        }
        let mut lines = self.audiences.entry(audience).or_default();
        lines.push(line.clone());
        if lines.len() == 1 {
            self.bus.follow(audience);
        }
        drop(lines);
        if line.gone() {
            self.exit(line, audience);
        }
        true
    }

    fn exit(&self, line: &Line, audience: Audience) {
        line.exit(audience);
        if let Some(mut lines) = self.audiences.get_mut(&audience)
            && let Some(place) = lines.iter().position(|one| one.id == line.id)
        {
            lines.swap_remove(place);
        }
        self.audiences.remove_if(&audience, |_, lines| {
            if lines.is_empty() {
                self.bus.unsubscribe(audience);
            }
            lines.is_empty()
        });
    }

    /// A line belongs to exactly these audiences from now on: its person's rights changed.
    pub async fn move_line(&self, line: &Arc<Line>, audiences: &[Audience]) {
        for audience in line.audiences() {
            if !audiences.contains(&audience) {
                self.exit(line, audience);
            }
        }
        self.join(line, audiences).await;
    }

    /// A line is gone.
    pub fn leave(&self, line: &Line) {
        self.lines.remove(&line.id);
        for audience in line.vanish() {
            self.exit(line, audience);
        }
    }

    /// A line watches these people and nobody else from now on.
    pub async fn watch(&self, line: &Arc<Line>, watched: &[Audience]) {
        for audience in line.audiences() {
            if matches!(audience, Audience::Watchers(_)) && !watched.contains(&audience) {
                self.exit(line, audience);
            }
        }
        self.join(line, watched).await;
    }

    /// The lines of one person here.
    pub fn lines_of(&self, user: UserId) -> Vec<Arc<Line>> {
        self.audiences
            .get(&Audience::User(user))
            .map(|lines| lines.clone())
            .unwrap_or_default()
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
        audiences
            .iter()
            .any(|audience| self.audiences.contains_key(audience))
    }

    /// What has been shown of a conversation here, if anything was.
    pub fn shown(&self, conversation: ConversationId) -> Option<(Option<u64>, Option<u64>)> {
        let order = self.orders.get(&conversation).map(|order| order.clone())?;
        let shown = order.lock().shown();
        Some(shown)
    }

    /// The person on a line has caught up to these heads: from there on they are shown all of it in order.
    pub fn begin<'a>(&self, line: &Line, heads: impl Iterator<Item = &'a Head>) {
        for head in heads {
            let Ok(conversation) = head.conversation_id.parse() else {
                continue;
            };
            let order = self.orders.entry(conversation).or_default().clone();
            if order.lock().begin(head.number, head.revision) {
                self.ask(Errand::Fill(conversation));
            }
            line.follow(conversation, order);
        }
    }

    /// The log stands at `head`, by the sweep. What is behind here is asked for; where nothing was shown yet, people are
    /// told the head and compare for themselves.
    pub fn compare(&self, conversation: ConversationId, head: &Head, audiences: &[Audience]) {
        if !self.anybody(audiences) {
            self.orders.remove(&conversation);
            return;
        }
        let order = self.orders.entry(conversation).or_default().clone();
        let mut order = order.lock();
        if order.behind(head.number, head.revision) {
            self.ask(Errand::Fill(conversation));
        } else if order.must_tell(head.number, head.revision) {
            self.deliver(&Event::passing(audiences.to_vec(), heads(head)));
        }
    }

    /// A membership as the sweep found it: lines that were not told of it begin or cease to follow the group.
    pub fn settle_membership(&self, change: &Change) {
        let group = Audience::Group(change.group);
        for line in self.lines_of(change.user) {
            match change.left {
                None => {
                    line.arrive(change.group, change.joined);
                    if self.enter(&line, group) {
                        line.say(Frame::push(heads(&change.head())));
                    }
                }
                Some(number) if line.audiences().contains(&group) => {
                    self.show_out(&line, change.group, number);
                }
                Some(_) => {}
            }
        }
    }

    /// The log was asked: these events, in order, are all there is up to `number` and `revision`. A counter of which
    /// nothing was ever shown stays so: it begins with its first event.
    pub fn filled(
        &self,
        conversation: ConversationId,
        events: &[Arc<Event>],
        number: u64,
        revision: u64,
    ) {
        let Some(order) = self.orders.get(&conversation).map(|order| order.clone()) else {
            return;
        };
        let mut order = order.lock();
        for event in events {
            if let Some(step) = event.step {
                self.advance(&mut order, step.counter.before());
            }
            self.show_in_order(&mut order, event);
        }
        self.advance(&mut order, Counter::Number(number));
        self.advance(&mut order, Counter::Revision(revision));
    }

    /// The log has nothing more to show up to here.
    fn advance(&self, order: &mut Order, counter: Counter) {
        for event in order.advance(counter) {
            self.deliver(&event);
        }
    }

    fn show_in_order(&self, order: &mut Order, event: &Arc<Event>) {
        let Some(step) = event.step else {
            return self.deliver(event);
        };
        match order.offer(step.counter, event) {
            Offer::Show(events) => events.iter().for_each(|event| self.deliver(event)),
            Offer::Seen => {}
            Offer::Hole => self.ask(Errand::Fill(step.conversation)),
        }
    }

    /// Puts an event into the queues of everybody it is for, once each.
    fn deliver(&self, event: &Arc<Event>) {
        self.come(event);
        match &event.audiences[..] {
            [audience] => self.each_line(*audience, |line| line.show(event)),
            audiences => {
                let mut reached = HashSet::new();
                for audience in audiences {
                    self.each_line(*audience, |line| {
                        if reached.insert(line.id) {
                            line.show(event);
                        }
                    });
                }
            }
        }
        self.go(event);
    }

    fn each_line(&self, audience: Audience, mut act: impl FnMut(&Arc<Line>)) {
        if let Some(lines) = self.audiences.get(&audience) {
            lines.iter().for_each(&mut act);
        }
    }

    /// Those who take part from this message on follow the group before it is shown.
    fn come(&self, event: &Event) {
        let Some(step) = event.step.filter(|_| !event.joined.is_empty()) else {
            return;
        };
        let group = Audience::Group(step.conversation);
        let Counter::Number(number) = step.counter else {
            return;
        };
        for line in event.joined.iter().flat_map(|user| self.lines_of(*user)) {
            line.arrive(step.conversation, number);
            self.enter(&line, group);
        }
    }

    /// Those who do not take part after this message are told so, last of all.
    fn go(&self, event: &Event) {
        let Some(step) = event.step.filter(|_| !event.left.is_empty()) else {
            return;
        };
        let Counter::Number(number) = step.counter else {
            return;
        };
        for line in event.left.iter().flat_map(|user| self.lines_of(*user)) {
            self.show_out(&line, step.conversation, number);
        }
    }

    /// A line's person does not take part any more after message `number`.
    fn show_out(&self, line: &Line, group: ConversationId, number: u64) {
        line.depart(group, number);
        self.exit(line, Audience::Group(group));
        let left = ConversationLeft {
            conversation_id: group.to_string(),
            number,
        };
        line.say(Frame::push(push::Event::ConversationLeft(left)));
    }

    /// Errands are few; when the list is full, the sweep will find the same again.
    fn ask(&self, errand: Errand) {
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

fn heads(head: &Head) -> push::Event {
    push::Event::Heartbeat(Heartbeat {
        heads: vec![head.clone()],
    })
}

impl Listener for Hub {
    fn show(&self, event: &Arc<Event>) {
        let Some(step) = event.step else {
            return self.deliver(event);
        };
        if !self.anybody(&event.audiences) {
            // What is not followed has no order: whoever comes later begins with their own catching up.
            self.orders.remove(&step.conversation);
            return;
        }
        let order = self.orders.entry(step.conversation).or_default().clone();
        let mut order = order.lock();
        self.show_in_order(&mut order, event);
    }

    fn look_again(&self, user: UserId) {
        self.ask(Errand::LookAgain(user));
    }

    fn doubt(&self) {
        self.ask(Errand::Doubt);
    }
}
