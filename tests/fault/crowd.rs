//! A crowd that listens: sockets that come back and catch up as docs/protocol.md says, and say nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use loadtest::{Client, Format};
use parking_lot::Mutex;
use proto::{Message, push::Event};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    bookmarks::Bookmarks,
    people::Person,
    wait::{back_off, until},
};

/// So many knock at the same time: a crowd has a processor each, this process would let all of them time out together.
static HANDS: Semaphore = Semaphore::const_new(200);

/// After this time without a word a line is dead (docs/protocol.md, part 6).
const PATIENCE: Duration = Duration::from_secs(35);

/// What was said: by conversation, the client message ids in order.
pub type Said = HashMap<String, Vec<String>>;

/// Many listeners. They leave when it is dropped.
pub struct Crowd {
    listeners: Vec<Arc<Listener>>,
    awake: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

/// One socket, and all those that come after it.
struct Listener {
    url: String,
    person: Person,
    /// How often it was let in.
    visits: AtomicUsize,
    /// All that it has, without a hole from the first message on.
    heard: Mutex<Said>,
}

impl Crowd {
    /// So many sockets of these people, by turns. Each follows all conversations of its person.
    pub fn gather(url: &str, people: &[Person], sockets: usize) -> Self {
        let awake = watch::Sender::new(true);
        let listener = |person: &Person| Listener {
            url: url.to_owned(),
            person: person.clone(),
            visits: AtomicUsize::new(0),
            heard: Mutex::default(),
        };
        let chosen = people.iter().cycle().take(sockets);
        let listeners: Vec<_> = chosen.map(|person| Arc::new(listener(person))).collect();
        let live = |one: &Arc<Listener>| one.clone().live(awake.subscribe());
        let tasks = listeners.iter().map(live).collect();
        Self {
            listeners,
            awake,
            _tasks: tasks,
        }
    }

    /// Waits until all have been let in at least `visits` times and have heard all that was said where they are.
    pub async fn is_up(&self, visits: usize, said: &Said, patience: Duration) {
        let all = self.listeners.len();
        assert!(
            until(patience, async || self.caught_up(visits, said) == all).await,
            "only {} of {all} are there and caught up",
            self.caught_up(visits, said)
        );
    }

    fn caught_up(&self, visits: usize, said: &Said) -> usize {
        let said = Book::of(said);
        let up = |one: &&Arc<Listener>| {
            one.visits.load(Ordering::Relaxed) >= visits && said.agrees(&one.heard.lock())
        };
        self.listeners.iter().filter(up).count()
    }

    /// Stop reading, or go on: what the node says meanwhile waits.
    pub fn read(&self, awake: bool) {
        self.awake.send_replace(awake);
    }
}

/// What was said, to compare with.
struct Book<'a> {
    said: &'a Said,
    ids: HashSet<&'a String>,
}

impl<'a> Book<'a> {
    fn of(said: &'a Said) -> Self {
        let ids = said.values().flatten().collect();
        Self { said, ids }
    }

    /// Of what is in the book, exactly that was heard which was said in these conversations, in order.
    fn agrees(&self, heard: &Said) -> bool {
        !heard.is_empty()
            && heard.iter().all(|(conversation, heard)| {
                let known = heard.iter().filter(|id| self.ids.contains(id));
                known.eq(self.said.get(conversation).into_iter().flatten())
            })
    }
}

impl Listener {
    async fn live(self: Arc<Self>, mut awake: watch::Receiver<bool>) {
        let mut bookmarks = Bookmarks::new(&self.person.conversations);
        let mut tries = 0;
        loop {
            let before = self.visits.load(Ordering::Relaxed);
            // It ends in an error always: the line broke, or never came about.
            let _ = self.session(&mut bookmarks, &mut awake).await;
            let let_in = self.visits.load(Ordering::Relaxed) > before;
            tries = if let_in { 0 } else { tries + 1 };
            back_off(tries).await;
        }
    }

    async fn session(
        &self,
        bookmarks: &mut Bookmarks,
        awake: &mut watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let hand = HANDS.acquire().await?;
        let connect = Client::connect(&self.url, Format::Binary, &self.person.token);
        let (mut client, _) = timeout(PATIENCE, connect).await??;
        drop(hand);
        self.visits.fetch_add(1, Ordering::Relaxed);
        loop {
            bookmarks
                .catch_up(&mut client, |message| self.hear(message))
                .await?;
            self.listen(bookmarks, awake, &mut client).await?;
        }
    }

    /// Until something is missing.
    async fn listen(
        &self,
        bookmarks: &mut Bookmarks,
        awake: &mut watch::Receiver<bool>,
        client: &mut Client,
    ) -> anyhow::Result<()> {
        loop {
            awake.wait_for(|awake| *awake).await?;
            let event = tokio::select! {
                event = client.next_push() => event?,
                changed = awake.changed() => { changed?; continue }
            };
            let (message, ahead) = match event {
                Event::MessagePosted(posted) => (posted.message, None),
                Event::Heartbeat(beat) => (None, beat.heads.into_iter().next()),
                _ => continue,
            };
            if ahead.is_some() {
                return Ok(());
            }
            let message = message.unwrap_or_default();
            let follows = self.person.conversations.contains(&message.conversation_id);
            match message
                .number
                .checked_sub(bookmarks.number(&message.conversation_id))
            {
                Some(1) if follows => {
                    bookmarks.take(&message);
                    self.hear(message);
                }
                Some(2..) if follows => return Ok(()),
                _ => {}
            }
        }
    }

    fn hear(&self, message: Message) {
        let mut heard = self.heard.lock();
        let log = heard.entry(message.conversation_id).or_default();
        log.push(message.client_message_id);
        assert_eq!(message.number, log.len() as u64, "a hole or a repetition");
    }
}
