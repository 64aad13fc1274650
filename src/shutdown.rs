//! How everything that outlives a request is tracked and told to stop: softly, then firmly.

use std::{future::Future, io, thread, time::Duration};

use tokio::{
    runtime::{Builder, Handle},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The two stop signals and the tasks that heed them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    firm: CancellationToken,
    tasks: TaskTracker,
    keepers: TaskTracker,
    office: Option<Handle>,
}

impl Shutdown {
    /// With a back office: threads on which [`Self::spawn_in_office`] runs what it is given. It has to live until [`Self::stop`] is over.
    pub fn with_office(office: Handle) -> Self {
        Self {
            office: Some(office),
            ..Self::default()
        }
    }

    /// Fires when no new work is taken and what is under way is finished.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Fires when those who work for others (the log's lanes, the bus, the sweep) finish too.
    pub fn firm(&self) -> &CancellationToken {
        &self.firm
    }

    /// The tracker of [`Self::spawn`], for those who hand out tasks of their own.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Runs a task that heeds [`Self::soft`] or ends by itself.
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(self.tasks.track_future(task))
    }

    /// Runs a task as [`Self::spawn`] does, in the back office if there is one, and there whatever it spawns as well. A thousand requests
    /// that come at once wait for one another there, and no message on its way to the log waits behind them (other requests on sockets share their
    /// connections to the database).
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn_in_office<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match &self.office {
            Some(office) => office.spawn(self.tasks.track_future(task)),
            None => self.spawn(task),
        }
    }

    /// Runs a task that others need until they have stopped; it heeds [`Self::firm`].
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn_keeper<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(self.keepers.track_future(task))
    }

    /// Runs keepers on a thread of their own, where nothing but the system decides when it is their turn.
    pub fn spawn_keepers_apart<F>(&self, thread: &str, tasks: Vec<F>) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let tasks: Vec<_> = tasks
            .into_iter()
            .map(|task| runtime.spawn(self.keepers.track_future(task)))
            .collect();
        let name = thread.to_owned();
        thread::Builder::new().name(name).spawn(move || {
            for task in tasks {
                if let Err(panic) = runtime.block_on(task) {
                    tracing::error!(%panic, "a keeper has ended before its time");
                }
            }
        })?;
        Ok(())
    }

    /// Asks everybody to stop and waits up to `patience`; then the keepers, up to as long again.
    pub async fn stop(&self, patience: Duration) {
        self.soft.cancel();
        self.tasks.close();
        if timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!(
                left = self.tasks.len(),
                "giving up on tasks that would not stop"
            );
        }
        self.firm.cancel();
        self.keepers.close();
        if timeout(patience, self.keepers.wait()).await.is_err() {
            tracing::error!(
                left = self.keepers.len(),
                "some of the server's own tasks would not stop"
            );
        }
    }
}
