//! When a socket is read again: its pace, the requests it has under way, and the send that must be queued first.

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::Instant,
};

use super::{close::Close, tempo::Tempo};
use crate::{
    config::Limits,
    error::{Refusal, Result},
};

/// One socket's turn to ask.
#[derive(Debug)]
pub(super) struct Turn {
    places: Arc<Semaphore>,
    free: Option<OwnedSemaphorePermit>,
    first: Option<JoinHandle<()>>,
    tempo: Tempo,
}

impl Turn {
    /// Nothing is under way.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits.requests_under_way)),
            free: None,
            first: None,
            tempo: Tempo::new(limits, Instant::now()),
        }
    }

    /// May the socket be read?
    pub(super) fn has_come(&self) -> bool {
        self.first.is_none() && self.free.is_some()
    }

    /// Waits until the socket may be read: that is what slows down a client with too much under way. May be dropped and
    /// called again.
    pub(super) async fn come(&mut self) {
        if let Some(first) = &mut self.first {
            let _ = first.await;
            self.first = None;
        }
        if self.free.is_none() {
            self.free = self.places.clone().acquire_owned().await.ok();
        }
    }

    /// A frame has come, a send or another. A flood ends the socket.
    pub(super) fn hear(&mut self, send: bool, now: Instant) -> Result<(), Close> {
        if self.tempo.hear(send, now) {
            Ok(())
        } else {
            Err(Close::Flooding)
        }
    }

    /// Takes the free place for a request. Refuses with `rate_limited` what is too fast; sends have a pace of their own.
    pub(super) fn take(&mut self, send: bool, now: Instant) -> Result<OwnedSemaphorePermit> {
        if !send {
            self.tempo.ask(now)?;
        }
        self.free.take().ok_or_else(|| Refusal::Overloaded.into())
    }

    /// The next request waits for this task, if there is one.
    pub(super) fn then(&mut self, first: Option<JoinHandle<()>>) {
        self.first = first;
    }
}
