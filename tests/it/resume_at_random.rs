//! A random story: posts, edits, comings and goings, and a client that follows by `resume` alone. What it holds in the end
//! is compared with a slow look at all rows. A story that fails prints its seed.

use std::collections::BTreeMap;

use proto::{Cursor, Message};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use souk::id::ConversationId;

use super::resume::cursor;
use crate::support::{
    Person, Shop, TestServer,
    asking::asked,
    people::Line,
    shop::{edits_unseen, joins, leaves, says_unseen},
};

/// Where a message's words are.
fn place(number: u64) -> usize {
    usize::try_from(number).expect("a small number") - 1
}

/// One group as the story knows it.
struct Told {
    id: ConversationId,
    /// The words of each message, by number.
    words: Vec<String>,
    /// The reader's times of taking part.
    times: Vec<(u64, Option<u64>)>,
    revision: u64,
}

impl Told {
    fn number(&self) -> u64 {
        self.words.len() as u64
    }

    fn present(&self) -> bool {
        self.times.last().is_some_and(|(_, left)| left.is_none())
    }

    fn seen(&self) -> BTreeMap<u64, String> {
        let visible = |number: &u64| {
            self.times
                .iter()
                .any(|(joined, left)| joined <= number && left.is_none_or(|left| *number <= left))
        };
        (1..=self.number())
            .filter(visible)
            .map(|number| (number, self.words[place(number)].clone()))
            .collect()
    }
}

/// What the client holds of one group.
#[derive(Default)]
struct Held {
    cursor: Cursor,
    messages: BTreeMap<u64, Message>,
}

struct Story {
    server: TestServer,
    writer: Person,
    reader: Person,
    chance: StdRng,
    groups: Vec<Told>,
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let server = TestServer::start().await;
        let shop = Shop::new(&server, "Tea").await;
        let writer = Person::customer(&server, "Ann").await;
        let reader = Person::customer(&server, "Bob").await;
        let mut groups = vec![];
        for _ in 0..4 {
            let id = shop.group(&server, &[&writer]).await;
            groups.push(Told {
                id,
                words: vec![],
                times: vec![],
                revision: 0,
            });
        }
        Self {
            server,
            writer,
            reader,
            chance: StdRng::seed_from_u64(seed),
            groups,
        }
    }

    /// Something happens somewhere.
    async fn step(&mut self) {
        let group = &mut self.groups[self.chance.random_range(0..4)];
        let number = group.number();
        match self.chance.random_range(0..10) {
            0..5 => {
                group.words.push(format!("said {}", number + 1));
                says_unseen(
                    &self.server,
                    group.id,
                    &self.writer,
                    &group.words[place(number + 1)],
                )
                .await;
            }
            5..8 if number > 0 => {
                let at = self.chance.random_range(1..=number);
                group.revision += 1;
                group.words[place(at)] = format!("edited {}", group.revision);
                edits_unseen(
                    &self.server,
                    group.id,
                    at.cast_signed(),
                    &group.words[place(at)],
                )
                .await;
            }
            8 if !group.present() => {
                group.times.push((number + 1, None));
                joins(
                    &self.server,
                    group.id,
                    &self.reader,
                    number.cast_signed() + 1,
                )
                .await;
            }
            9 if group.present() && group.times.last().unwrap().0 <= number => {
                group.times.last_mut().unwrap().1 = Some(number);
                leaves(&self.server, group.id, &self.reader, number.cast_signed()).await;
            }
            _ => {}
        }
    }

    /// One page; gives whether there is more.
    async fn follow(&mut self, line: &mut Line, held: &mut [Held]) -> bool {
        let limit = self.chance.random_range(1..12);
        let cursors: Vec<Cursor> = held.iter().map(|one| one.cursor.clone()).collect();
        let resumed = asked!(line, Resume { cursors: cursors, limit: limit } => Resumed);
        let messages = resumed
            .conversations
            .iter()
            .map(|one| one.messages.len() + one.changed.len());
        assert!(messages.sum::<usize>() <= usize::try_from(limit).expect("small"));
        for (one, held) in resumed.conversations.into_iter().zip(held) {
            held.take(one);
        }
        resumed.more
    }
}

impl Held {
    fn take(&mut self, missed: proto::CatchUp) {
        for message in missed.changed {
            let known = self
                .messages
                .insert(message.number, message)
                .expect("a change of what is held");
            assert!(
                known.revision < self.messages[&known.number].revision,
                "a change twice"
            );
        }
        for message in missed.messages {
            assert!(
                self.messages
                    .last_key_value()
                    .is_none_or(|(last, _)| *last < message.number),
                "out of order, or twice"
            );
            self.messages.insert(message.number, message);
        }
        if let Some(cursor) = missed.cursor {
            self.cursor = cursor;
        }
    }

    fn words(&self) -> BTreeMap<u64, String> {
        self.messages
            .iter()
            .map(|(number, message)| (*number, message.text.clone()))
            .collect()
    }
}

async fn tell(seed: u64) {
    let mut story = Story::begin(seed).await;
    let mut line = story.reader.connect(&story.server).await;
    let mut held: Vec<Held> = story
        .groups
        .iter()
        .map(|group| Held {
            cursor: cursor(group.id, 0, 0),
            ..Held::default()
        })
        .collect();
    for _ in 0..60 {
        for _ in 0..story.chance.random_range(0..8) {
            story.step().await;
        }
        story.follow(&mut line, &mut held).await;
    }
    while story.follow(&mut line, &mut held).await {}
    for (group, held) in story.groups.iter().zip(&held) {
        assert_eq!(
            held.words(),
            group.seen(),
            "seed {seed}, group {}",
            group.id
        );
    }
}

/// I-1, I-3, I-9: whoever follows by pages holds in the end exactly what they may see, as it is now.
#[tokio::test]
async fn a_follower_holds_what_a_slow_look_finds() {
    for seed in 0..6 {
        println!("seed {seed}");
        tell(seed).await;
    }
}
