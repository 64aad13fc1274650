//! What a verb may use. It holds no hub: a verb could not reach a socket if it tried.

use std::sync::Arc;

use crate::{
    account::{gateway::Ways, hasher::PasswordHasher},
    clock::Clock,
    config::Config,
    conversation::log::{Log, Width},
    id::UserId,
    media::Media,
    pace::Pace,
    shutdown::Shutdown,
    store::Store,
    vault::Vault,
};

/// Store, log, clock, settings. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The commit coordinator of the message log.
    pub log: Log,
    /// How fast each user may send on this node.
    pub sends: Arc<Pace<UserId>>,
    /// Uploaded files.
    pub media: Media,
    /// What time it is.
    pub clock: Clock,
    /// How fast each bot may ask over REST.
    pub bot_pace: Arc<Pace<UserId>>,
    /// Where work that a caller may abandon runs to its end.
    pub tasks: Shutdown,
    /// Hashes passwords, a few at once.
    pub hasher: PasswordHasher,
    /// How codes reach phones and mailboxes.
    pub ways: Ways,
    /// Seals the secrets that lie in the database.
    pub vault: Vault,
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
        let log = Log::start(&store, &clock, width, shutdown)?;
        let hasher = PasswordHasher::new(config.login.hashes_at_once, config.login.hashes_waiting);
        let ways = Ways::open(&config)?;
        let vault = Vault::open(&config)?;
        let media = Media::open(&config)?;
        let per_second = config.limits.bot_requests_per_second;
        let sends = config.limits.sends_per_second;
        Ok(Self {
            bot_pace: Arc::new(Pace::new(per_second, per_second.saturating_mul(3))),
            store,
            log,
            sends: Arc::new(Pace::new(sends, sends.saturating_mul(10))),
            media,
            clock,
            tasks: shutdown.clone(),
            hasher,
            ways,
            vault,
            config: Arc::new(config),
        })
    }
}
