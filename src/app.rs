//! What a verb may use. It holds no hub: a verb could not reach a socket if it tried.

use std::sync::Arc;

use crate::{
    account::hasher::PasswordHasher,
    clock::Clock,
    config::Config,
    conversation::log::{Log, Width},
    media::Media,
    shutdown::Shutdown,
    store::Store,
};

/// Store, log, clock, settings. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The commit coordinator of the message log.
    pub log: Log,
    /// Uploaded files.
    pub media: Media,
    /// What time it is.
    pub clock: Clock,
    /// Where work that a caller may abandon runs to its end.
    pub tasks: Shutdown,
    /// Hashes passwords, a few at once.
    pub hasher: PasswordHasher,
    /// All settings.
    pub config: Arc<Config>,
}

impl App {
    /// Puts it together and starts the log's lanes.
    pub fn new(
        store: Store,
        clock: Clock,
        config: Config,
        shutdown: &Shutdown,
    ) -> anyhow::Result<Self> {
        let width = Width {
            lanes: config.database.lanes,
            batch: config.database.batch,
            backlog: config.database.backlog,
        };
        let hasher = PasswordHasher::new(config.login.hashes_at_once, config.login.hashes_waiting);
        let log = Log::start(&store, &clock, width, shutdown);
        let media = Media::open(&config)?;
        Ok(Self {
            store,
            log,
            media,
            clock,
            tasks: shutdown.clone(),
            hasher,
            config: Arc::new(config),
        })
    }
}
