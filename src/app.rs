//! What a verb may use. It holds no hub: a verb could not reach a socket if it tried.

use std::{sync::Arc, time::Duration};

use crate::{
    account::hasher::PasswordHasher,
    beacon::Beacon,
    clock::Clock,
    code::gateway::Ways,
    config::Config,
    conversation::{
        easel::Easel,
        log::{Log, Width},
    },
    coupon::press::Presses,
    id::{ShopId, UserId},
    media::Media,
    pace::{Pace, Paces},
    pay::Providers,
    places::Places,
    shutdown::Shutdown,
    store::Store,
    tracker::Tracker,
    vault::Vault,
};

/// How long a customer waits in a shop's line to order: a little less than clients wait for an answer.
const AT_THE_TILL: Duration = Duration::from_secs(9);

/// Presses on a gift of coupons that are served in one work.
const PRESSED_TOGETHER: usize = 128;

/// Presses on a gift that wait on one node at the most: some seconds' work.
const PRESSES_WAITING: usize = 4_096;

/// Store, log, clock, settings. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The commit coordinator of the message log.
    pub log: Log,
    /// How fast each user may say and change things on this node: whatever is shown to others and kept takes from it.
    pub sends: Arc<Pace<UserId>>,
    /// Which cards are being drawn.
    pub easel: Arc<Easel>,
    /// Uploaded files.
    pub media: Media,
    /// What time it is.
    pub clock: Clock,
    /// How fast who may ask over REST.
    pub paces: Arc<Paces>,
    /// What is worked on for each user, over REST and on sockets.
    pub places: Arc<Places<UserId>>,
    /// Uploads of each user, which take as long as their line needs.
    pub uploads: Arc<Places<UserId>>,
    /// Where orders of each shop are placed, a few at a time.
    pub tills: Arc<Places<ShopId>>,
    /// Who press on the same gift of coupons.
    pub presses: Arc<Presses>,
    /// Where work that a caller may abandon runs to its end.
    pub tasks: Shutdown,
    /// Hashes passwords, a few at once.
    pub hasher: PasswordHasher,
    /// How codes reach phones and mailboxes.
    pub ways: Ways,
    /// Who takes money.
    pub providers: Providers,
    /// Who knows where parcels are.
    pub tracker: Tracker,
    /// A public source of chance.
    pub beacon: Beacon,
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
            lock_ms: config.database.send_lock_ms,
        };
        let log = Log::start(&store, &clock, width, shutdown)?;
        let hasher = PasswordHasher::new(config.login.hashes_at_once, config.login.hashes_waiting);
        let ways = Ways::open(&config)?;
        let providers = Providers::open(&config, &clock)?;
        let tracker = Tracker::open(&config)?;
        let beacon = Beacon::open(&config)?;
        let vault = Vault::open(&config)?;
        let media = Media::open(&config)?;
        let limits = &config.limits;
        let (sends, at_once) = (limits.sends_per_second, limits.requests_at_once);
        Ok(Self {
            paces: Arc::new(Paces::new(limits)),
            places: Places::new(at_once),
            uploads: Places::new(at_once),
            tills: Places::with_line(limits.orders_at_once, limits.orders_in_line, AT_THE_TILL),
            presses: Presses::new(PRESSED_TOGETHER, PRESSES_WAITING),
            store,
            log,
            sends: Arc::new(Pace::new(sends, sends.saturating_mul(10))),
            easel: Arc::default(),
            media,
            clock,
            tasks: shutdown.clone(),
            hasher,
            ways,
            providers,
            tracker,
            beacon,
            vault,
            config: Arc::new(config),
        })
    }

    /// The same for what the server does by itself: its statements do not queue behind requests.
    #[must_use]
    pub fn by_itself(&self) -> Self {
        let store = self.store.by_itself();
        Self {
            store,
            ..self.clone()
        }
    }
}
