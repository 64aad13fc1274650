//! What happened, as the clients saw it. Written by the harness only, never by the server.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use parking_lot::Mutex;
use serde::Serialize;

/// A place in time: nanoseconds since the scenario began, on the one clock of this machine.
pub type Moment = u64;

/// One line of the history.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub at: Moment,
    /// The device that saw it.
    pub device: usize,
    /// The device's connections are counted.
    pub connection: u64,
    #[serde(flatten)]
    pub what: What,
}

/// What was seen.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A send begins.
    Invoke {
        conversation: String,
        client_id: String,
        body: String,
    },
    /// It was acknowledged.
    Ok {
        conversation: String,
        client_id: String,
        number: u64,
    },
    /// It was refused in a way that promises that nothing happened.
    Fail {
        conversation: String,
        client_id: String,
        code: String,
    },
    /// Nobody knows: a timeout, a cut line, `outcome_unknown`.
    Unknown {
        conversation: String,
        client_id: String,
    },
    /// A message was pushed on a connection.
    Pushed {
        conversation: String,
        number: u64,
        client_id: String,
    },
    /// A message was read by `resume`.
    Resumed {
        conversation: String,
        number: u64,
        client_id: String,
    },
    /// A connection ended.
    Closed { code: u16 },
    /// What the scenario did.
    Nemesis { deed: String },
}

/// The history of one run. Cheap to clone.
#[derive(Clone)]
pub struct History {
    began: Instant,
    lines: Arc<Mutex<Vec<Line>>>,
    connections: Arc<AtomicU64>,
}

impl History {
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            lines: Arc::default(),
            connections: Arc::default(),
        }
    }

    pub fn now(&self) -> Moment {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// A number for a new connection.
    pub fn connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    pub fn write(&self, device: usize, connection: u64, what: What) {
        let line = Line {
            at: self.now(),
            device,
            connection,
            what,
        };
        self.lines.lock().push(line);
    }

    pub fn deed(&self, deed: impl Into<String>) {
        self.write(usize::MAX, 0, What::Nemesis { deed: deed.into() });
    }

    pub fn lines(&self) -> Vec<Line> {
        let mut lines = self.lines.lock().clone();
        lines.sort_by_key(|line| line.at);
        lines
    }

    /// How many answers said that a send was accepted.
    pub fn acknowledged(&self) -> usize {
        let lines = self.lines.lock();
        let accepted = |line: &&Line| matches!(line.what, What::Ok { .. });
        lines.iter().filter(accepted).count()
    }

    /// How many devices below `devices` have had a send accepted since then.
    pub fn speakers_since(&self, then: Moment, devices: usize) -> usize {
        let lines = self.lines.lock();
        let late = lines.iter().rev().take_while(|line| line.at >= then);
        let accepted = late.filter(|line| matches!(line.what, What::Ok { .. }));
        let speakers: BTreeSet<_> = accepted.map(|line| line.device).collect();
        speakers.range(..devices).count()
    }

    /// Keeps a failed run's history, one JSON line an event, and says where.
    pub fn keep(&self, scenario: &str) -> String {
        let path =
            std::env::temp_dir().join(format!("souk-{scenario}-{}.jsonl", std::process::id()));
        let text: String = self
            .lines()
            .iter()
            .filter_map(|line| Some(serde_json::to_string(line).ok()? + "\n"))
            .collect();
        let _ = std::fs::write(&path, text);
        path.display().to_string()
    }
}

/// What one device has in the end: by conversation, the client message ids by number.
pub type View = BTreeMap<String, BTreeMap<u64, String>>;
