//! The bounded queue to one socket.
//!
//! Everybody's bytes are shared; the writer takes all that waits at once. Of several pictures of a message only the newest
//! waits. A reader who lets more than the limit pile up is closed with "slow, resume": nobody else is slowed, and nothing
//! is skipped in silence.
//!
//! Pictures are written after everything else, by rising revision: so no picture comes before its message, and a reader
//! whose line breaks between two of them has, at its revision, all that was before: what was left out was changed again
//! later, and `resume` brings it.

use std::{collections::HashMap, mem, sync::Arc};

use axum::extract::ws::Message;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::close::Close;
use crate::{
    event::{Event, Frame},
    id::ConversationId,
};

/// What a frame costs in the queue beyond its bytes.
const OVERHEAD: usize = 64;

/// A wire format: the WebSocket sub-protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `souk.v1.protobuf`: binary frames.
    Binary,
    /// `souk.v1.json`: text frames.
    Json,
}

/// Something to write.
#[derive(Debug)]
enum Item {
    Shared(Arc<Event>),
    Own(Frame),
}

impl Item {
    fn frame(&self) -> &Frame {
        match self {
            Self::Shared(event) => &event.frame,
            Self::Own(frame) => frame,
        }
    }

    fn cost(&self) -> usize {
        self.frame().binary().len() + OVERHEAD
    }
}

/// The queue.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Queue>,
    wake: Notify,
    limit: usize,
}

#[derive(Debug, Default)]
struct Queue {
    items: Vec<Item>,
    /// The newest waiting picture of each message, and when it came.
    pictures: HashMap<(ConversationId, u64), (u64, Item)>,
    /// Pictures that ever came.
    painted: u64,
    bytes: usize,
    close: Option<Close>,
}

impl Outbox {
    /// A queue that holds up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            queue: Mutex::default(),
            wake: Notify::new(),
            limit,
        }
    }

    /// Queues an event for everybody's socket.
    pub fn show(&self, event: &Arc<Event>) {
        self.push(Item::Shared(event.clone()), event.redraws);
    }

    /// Queues a frame for this socket alone.
    pub fn say(&self, frame: Frame) {
        self.push(Item::Own(frame), None);
    }

    fn push(&self, item: Item, redraws: Option<(ConversationId, u64)>) {
        let mut queue = self.queue.lock();
        if queue.close.is_some() {
            return;
        }
        queue.put(item, redraws);
        if queue.bytes > self.limit {
            queue.shut(Close::Slow);
        }
        drop(queue);
        self.wake.notify_one();
    }

    /// Nothing more is queued; what waits is written, then the socket is closed. The first reason stays.
    pub fn close(&self, close: Close) {
        let mut queue = self.queue.lock();
        if queue.close.is_none() {
            queue.close = Some(close);
        }
        drop(queue);
        self.wake.notify_one();
    }

    /// Waits until there is something to do.
    pub async fn wait(&self) {
        self.wake.notified().await;
    }

    /// Takes all that waits, as WebSocket messages, and the reason to close after them if there is one.
    pub fn take(&self, format: Format) -> (Vec<Message>, Option<Close>) {
        let mut queue = self.queue.lock();
        let items = queue.take();
        let close = queue.close.clone();
        drop(queue);
        (
            items
                .iter()
                .map(|item| encoded(item.frame(), format))
                .collect(),
            close,
        )
    }
}

impl Queue {
    fn put(&mut self, item: Item, redraws: Option<(ConversationId, u64)>) {
        self.bytes += item.cost();
        let Some(message) = redraws else {
            return self.items.push(item);
        };
        self.painted += 1;
        if let Some((_, older)) = self.pictures.insert(message, (self.painted, item)) {
            self.bytes -= older.cost();
        }
    }

    fn take(&mut self) -> Vec<Item> {
        self.bytes = 0;
        let mut items = mem::take(&mut self.items);
        if !self.pictures.is_empty() {
            let mut pictures: Vec<_> = mem::take(&mut self.pictures).into_values().collect();
            pictures.sort_unstable_by_key(|(came, _)| *came);
            items.extend(pictures.into_iter().map(|(_, picture)| picture));
        }
        items
    }

    fn shut(&mut self, close: Close) {
        self.take();
        self.close = Some(close);
    }
}

fn encoded(frame: &Frame, format: Format) -> Message {
    match format {
        Format::Binary => Message::Binary(frame.binary().clone()),
        Format::Json => Message::Text(frame.json().clone()),
    }
}

#[cfg(test)]
mod tests {
    use proto::{Message as Line, MessageChanged, push, server_frame::Kind};

    use super::*;

    fn posted(number: u64, text: &str) -> Arc<Event> {
        Event::posted(
            ConversationId::new(),
            vec![],
            Line {
                number,
                text: text.into(),
                ..Line::default()
            },
        )
    }

    fn redrawn(conversation: ConversationId, number: u64, version: u32) -> Arc<Event> {
        Event::changed(
            conversation,
            vec![],
            Line {
                number,
                version,
                ..Line::default()
            },
        )
    }

    fn versions(outbox: &Outbox) -> Vec<u32> {
        let (messages, _) = outbox.take(Format::Json);
        let read = |message: Message| {
            let frame: proto::ServerFrame =
                serde_json::from_str(message.to_text().unwrap()).unwrap();
            match frame.kind {
                Some(Kind::Push(proto::Push {
                    event: Some(push::Event::MessageChanged(MessageChanged { message })),
                })) => message.unwrap().version,
                _ => 0,
            }
        };
        messages.into_iter().map(read).collect()
    }

    #[test]
    fn the_newest_picture_alone_waits_behind_what_it_may_need() {
        let outbox = Outbox::new(10_000);
        let group = ConversationId::new();
        outbox.show(&redrawn(group, 1, 2));
        outbox.show(&posted(5, "between"));
        outbox.show(&redrawn(group, 1, 3));
        outbox.show(&redrawn(group, 2, 7));
        assert_eq!(versions(&outbox), [0, 3, 7]);
        outbox.show(&redrawn(group, 1, 2));
        outbox.show(&redrawn(group, 2, 7));
        outbox.show(&redrawn(group, 1, 3));
        assert_eq!(versions(&outbox), [7, 3], "by rising revision");
        outbox.show(&redrawn(group, 1, 4));
        assert_eq!(versions(&outbox), [4]);
    }

    #[test]
    fn five_hundred_redraws_for_a_slow_phone_are_one() {
        let outbox = Outbox::new(1_000);
        let group = ConversationId::new();
        (1..=500).for_each(|version| outbox.show(&redrawn(group, 1, version)));
        assert_eq!(versions(&outbox), [500]);
    }

    #[test]
    fn a_slow_reader_is_closed_and_gets_nothing_with_a_hole_in_it() {
        let outbox = Outbox::new(1_000);
        (1..=20).for_each(|number| outbox.show(&posted(number, &"x".repeat(100))));
        let (messages, close) = outbox.take(Format::Binary);
        assert!(messages.is_empty());
        assert_eq!(close, Some(Close::Slow));
    }
}
