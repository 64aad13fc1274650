//! One person who talks in one conversation under load: sends at a pace, hears, and takes notes for the checker.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use proto::{ClientFrame, SendMessage, client_frame::Request};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    check::{Heard, Promised},
    figures::Times,
    glance::{Glance, glance},
    people::Circle,
    socket::Socket,
};

/// How long everybody waits at the end for what is still under way.
const LAST_WAIT: Duration = Duration::from_secs(20);
/// How often a quiet socket looks whether the run is over.
const GLIMPSE: Duration = Duration::from_millis(100);
/// More than the server lets one socket have under way makes it stop reading.
const MOST_UNDER_WAY: usize = 256;

/// When somebody says the next thing.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Never.
    Listen,
    /// As soon as fewer than this many are unanswered.
    Window(usize),
    /// As soon as fewer than this many have not reached everybody.
    Reach(usize),
    /// By the clock: a late answer delays nothing, and the time counts from when it was due.
    Every(Duration, Instant),
}

/// What is common to a run.
pub struct Run {
    /// Client message ids begin with this, so that no run repeats another's.
    pub name: u32,
    /// Bytes of a message's text.
    pub size: usize,
    /// When the first message may be sent.
    pub start: Instant,
    /// When the last one may be sent.
    pub end: Instant,
    /// Sent so far.
    pub sent: AtomicU64,
    /// Acknowledged so far.
    pub acked: AtomicU64,
    /// Shown so far.
    pub shown: AtomicU64,
    /// No more than this is sent.
    most: u64,
    over: AtomicBool,
}

impl Run {
    /// A run of this length from now on.
    pub fn new(size: usize, length: Duration) -> Self {
        let start = Instant::now();
        Self {
            name: rand::random(),
            size: size.max(16),
            start,
            end: start + length,
            sent: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            shown: AtomicU64::new(0),
            most: u64::MAX,
            over: AtomicBool::new(false),
        }
    }

    /// A run of so many messages, within this time.
    pub fn of(most: u64, size: usize, length: Duration) -> Self {
        Self {
            most,
            ..Self::new(size, length)
        }
    }

    /// Ends it early.
    pub fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn over(&self, now: Instant) -> bool {
        now >= self.end || self.over.load(Ordering::Relaxed) || self.full()
    }

    fn full(&self) -> bool {
        self.sent.load(Ordering::Relaxed) >= self.most
    }
}

/// What is common to a conversation.
pub struct Talk {
    /// Its id.
    pub conversation: String,
    members: u64,
    /// How many still have something to send or to hear acknowledged.
    talking: AtomicU64,
    highest: AtomicU64,
    sent: AtomicU64,
    shown: AtomicU64,
    moved: Notify,
}

impl Talk {
    /// Of this circle, of whom so many will talk.
    pub fn new(circle: &Circle, talkers: usize) -> Arc<Self> {
        Arc::new(Self {
            conversation: circle.conversation.to_string(),
            members: circle.people.len() as u64,
            talking: AtomicU64::new(talkers as u64),
            highest: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            shown: AtomicU64::new(0),
            moved: Notify::new(),
        })
    }

    /// Sends that have not reached everybody yet, on the average.
    fn on_the_way(&self) -> u64 {
        let reached = self.shown.load(Ordering::Relaxed) / self.members.max(1);
        self.sent.load(Ordering::Relaxed).saturating_sub(reached)
    }

    fn all_said(&self) -> bool {
        self.talking.load(Ordering::Acquire) == 0
    }
}

/// What one person noted.
#[derive(Default)]
pub struct Notes {
    /// Promised to them.
    pub promised: Promised,
    /// Shown to them.
    pub heard: Heard,
    /// Refused to them.
    pub refused: u64,
    /// From send to acknowledgement.
    pub ack: Times,
    /// From send to being shown.
    pub deliver: Times,
}

/// A person on the line.
pub struct Talker {
    socket: Socket,
    mind: Mind,
}

/// What the talker knows, apart from the socket.
struct Mind {
    run: Arc<Run>,
    talk: Arc<Talk>,
    pace: Pace,
    place: usize,
    frame: ClientFrame,
    under_way: VecDeque<Sent>,
    notes: Notes,
    now: Instant,
    fresh: u64,
    refusal: Option<u64>,
}

struct Sent {
    id: u64,
    at: Instant,
    client_message_id: String,
}

impl Talker {
    /// Person number `index` of the run.
    pub fn new(socket: Socket, run: Arc<Run>, talk: Arc<Talk>, pace: Pace, index: usize) -> Self {
        let message = SendMessage {
            conversation_id: talk.conversation.clone(),
            text: "x".repeat(run.size),
            ..SendMessage::default()
        };
        let frame = ClientFrame {
            id: 1,
            request: Some(Request::SendMessage(message)),
        };
        let now = run.start;
        let mind = Mind {
            run,
            talk,
            pace,
            place: index,
            frame,
            under_way: VecDeque::new(),
            notes: Notes::default(),
            now,
            fresh: 0,
            refusal: None,
        };
        Self { socket, mind }
    }

    /// Talks and listens until the run is over and everything under way has arrived.
    pub async fn talk(mut self) -> anyhow::Result<(Socket, Notes)> {
        let mut talking = !matches!(self.mind.pace, Pace::Listen);
        let mut glimpse = self.mind.run.start + GLIMPSE;
        loop {
            let now = Instant::now();
            let over = self.mind.run.over(now);
            if talking && !over {
                self.say(now);
                self.socket.flush().await?;
            }
            if talking && over && self.mind.under_way.is_empty() {
                talking = false;
                self.mind.talk.talking.fetch_sub(1, Ordering::Release);
            }
            if over && (self.mind.complete() || now > self.mind.run.end + LAST_WAIT) {
                return Ok(self.leave());
            }
            if now >= glimpse {
                glimpse = now + GLIMPSE;
            }
            self.listen(talking && !over, glimpse).await?;
        }
    }

    fn leave(mut self) -> (Socket, Notes) {
        self.mind.notes.promised.unknown += self.mind.under_way.len() as u64;
        (self.socket, self.mind.notes)
    }

    /// Feeds what the pace allows by now.
    fn say(&mut self, now: Instant) {
        while let Some(due) = self.mind.due(now) {
            self.mind.compose(due);
            self.socket.feed(&self.mind.frame);
        }
    }

    /// Waits for something to hear, or for the time of the next word.
    async fn listen(&mut self, talking: bool, glimpse: Instant) -> anyhow::Result<()> {
        let mind = &mut self.mind;
        let wake = match mind.pace {
            Pace::Every(_, due) if talking && mind.under_way.len() < MOST_UNDER_WAY => {
                due.min(glimpse)
            }
            _ => glimpse,
        };
        let (talk, reach) = (mind.talk.clone(), matches!(mind.pace, Pace::Reach(_)));
        let mut first = true;
        tokio::select! {
            biased;
            read = self.socket.read(|frame| {
                if std::mem::take(&mut first) {
                    mind.now = Instant::now();
                }
                mind.hear(frame);
            }) => read.context("on the line")?,
            () = talk.moved.notified(), if reach && talking => {}
            () = sleep_until(wake) => {}
        }
        self.mind.report();
        match self.mind.refusal {
            Some(code) => bail!("a send was refused with code {code}"),
            None => Ok(()),
        }
    }
}

impl Mind {
    /// The time at which the next message is due, if that has come.
    fn due(&mut self, now: Instant) -> Option<Instant> {
        if self.run.full() {
            return None;
        }
        match &mut self.pace {
            Pace::Listen => None,
            Pace::Window(most) => (self.under_way.len() < *most).then_some(now),
            Pace::Reach(most) => {
                let most = *most as u64;
                let free = self.talk.on_the_way() < most && self.under_way.len() < MOST_UNDER_WAY;
                free.then_some(now)
            }
            Pace::Every(gap, due) => {
                if *due > now || self.under_way.len() >= MOST_UNDER_WAY {
                    return None;
                }
                let this = *due;
                *due += *gap;
                Some(this)
            }
        }
    }

    /// The next frame. The text begins with the microseconds since the start.
    fn compose(&mut self, due: Instant) {
        self.frame.id += 1;
        let micros = due.duration_since(self.run.start).as_micros();
        if let Some(Request::SendMessage(message)) = &mut self.frame.request {
            message.text.replace_range(..16, &format!("{micros:016x}"));
            message.client_message_id.clear();
            let (run, place, id) = (self.run.name, self.place, self.frame.id);
            let _ = write!(message.client_message_id, "{run:08x}-{place:04x}-{id:07x}");
            self.under_way.push_back(Sent {
                id,
                at: due,
                client_message_id: message.client_message_id.clone(),
            });
        }
        self.run.sent.fetch_add(1, Ordering::Relaxed);
        self.talk.sent.fetch_add(1, Ordering::Relaxed);
    }

    fn hear(&mut self, frame: &[u8]) {
        match glance(frame) {
            Glance::Posted {
                number,
                client_message_id,
                text,
            } => {
                self.notes.heard.hear(number, client_message_id);
                self.fresh += 1;
                if let Some(due) = written_at(text) {
                    let since = self.now.duration_since(self.run.start);
                    self.notes.deliver.record(since.saturating_sub(due));
                }
            }
            Glance::Accepted { id, number } => self.accept(id, number),
            Glance::Refused { id, code } => {
                self.under_way.retain(|sent| sent.id != id);
                self.notes.refused += 1;
                self.refusal = Some(code);
            }
            Glance::Other => {}
        }
    }

    fn accept(&mut self, id: u64, number: u64) {
        // Answers come in the order of the sends, but for retries.
        let place = self.under_way.iter().position(|sent| sent.id == id);
        let Some(sent) = place.and_then(|place| self.under_way.remove(place)) else {
            // An answer to nothing: the same promise twice.
            return self.notes.promised.accept(number, b"");
        };
        self.notes
            .promised
            .accept(number, sent.client_message_id.as_bytes());
        self.notes.ack.record(self.now.duration_since(sent.at));
        self.run.acked.fetch_add(1, Ordering::Relaxed);
        self.talk.highest.fetch_max(number, Ordering::Release);
    }

    /// Tells the others how far it has come.
    fn report(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh > 0 {
            self.run.shown.fetch_add(fresh, Ordering::Relaxed);
            let before = self.talk.shown.fetch_add(fresh, Ordering::Relaxed);
            if before / self.talk.members != (before + fresh) / self.talk.members {
                self.talk.moved.notify_one();
            }
        }
    }

    /// Nothing more will come.
    fn complete(&self) -> bool {
        let highest = self.talk.highest.load(Ordering::Acquire);
        self.talk.all_said() && self.under_way.is_empty() && self.notes.heard.highest() >= highest
    }
}

fn written_at(text: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(text.get(..16)?).ok()?;
    u64::from_str_radix(digits, 16)
        .ok()
        .map(Duration::from_micros)
}
