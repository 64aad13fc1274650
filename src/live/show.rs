//! What the lines here are shown: events in their order, each to everybody it is for, once.

use std::{collections::HashSet, sync::Arc};

use proto::{Head, Heartbeat, push};

use super::{
    hub::{Errand, Hub},
    line::Line,
    order::{Offer, Order},
};
use crate::{
    bus::{Audience, Listener, Recheck},
    event::{Counter, Event},
    id::{ConversationId, UserId},
};

impl Hub {
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
            [audience] => self.crowd.each_line(*audience, |line| line.show(event)),
            audiences => {
                let mut reached = HashSet::new();
                for audience in audiences {
                    self.crowd.each_line(*audience, |line| {
                        if reached.insert(line.id) {
                            line.show(event);
                        }
                    });
                }
            }
        }
        self.go(event);
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
            self.crowd.enter(&line, group);
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
}

pub(super) fn heads(head: &Head) -> push::Event {
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

    fn recheck(&self, user: UserId, what: Recheck) {
        self.recheck(user, what);
    }

    fn doubt(&self) {
        self.ask(Errand::Doubt);
    }
}
