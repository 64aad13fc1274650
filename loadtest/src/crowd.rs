//! Threads for a crowd: what a thousand ask at once makes them wait for one another, and not those whose times are taken.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// They end with this value.
pub(crate) struct Crowd {
    threads: Option<Runtime>,
    handle: Handle,
}

impl Crowd {
    pub(crate) fn new() -> io::Result<Self> {
        let threads = Builder::new_multi_thread().enable_all().build()?;
        Ok(Self {
            handle: threads.handle().clone(),
            threads: Some(threads),
        })
    }

    /// Where to spawn.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // A runtime must not wait for its threads where others are served.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}
