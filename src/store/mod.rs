//! The database, no business in it: the pool, migrations, and the unit of work ([`Tx`]).

mod check;
pub mod constraint;
pub mod once;
pub mod page;
pub mod private;
mod tx;

use std::time::Duration;

use anyhow::Context as _;
use sqlx::{
    Connection as _, Executor as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub use tx::Tx;

pub use crate::bus::Recheck;
use crate::{bus::Bus, config::Database, error::Result, id::ShopId};

/// A connection that was not used for this long may have died.
const RESTED: Duration = Duration::from_secs(1);
/// Ends whatever is open. It begins first because a bare `rollback` makes the database log a warning where nothing is.
const NOTHING_OPEN: &str = "begin; rollback";

/// The way to the database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
    own: PgPool,
    options: PgConnectOptions,
    bus: Bus,
    remembered: std::sync::Arc<tokio::sync::Notify>,
}

impl Store {
    /// Connects: one pool for requests, whose statements have a time limit, and one for what the server does by itself.
    pub async fn connect(
        options: PgConnectOptions,
        settings: &Database,
        bus: Bus,
    ) -> anyhow::Result<Self> {
        let limits = [
            ("lock_timeout", settings.lock_ms),
            ("statement_timeout", settings.statement_ms),
            (
                "idle_in_transaction_session_timeout",
                settings.idle_in_transaction_ms,
            ),
        ];
        let limited = options.clone().options(limits);
        let requests = pool(settings.connections).connect_with(limited);
        Ok(Self {
            pool: requests.await.context("cannot connect to PostgreSQL")?,
            own: pool(settings.own_connections).connect_lazy_with(options.clone()),
            options,
            bus,
            remembered: std::sync::Arc::default(),
        })
    }

    /// The same with the connections that requests do not take.
    #[must_use]
    pub fn by_itself(&self) -> Self {
        Self {
            pool: self.own.clone(),
            ..self.clone()
        }
    }

    /// How to connect, without the limits of requests.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Brings the schema up to date. Safe when several nodes start at once.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        sqlx::migrate!()
            .run(&self.own)
            .await
            .context("cannot migrate the database")
    }

    /// A unit of work in one shop.
    pub async fn begin(&self, shop: ShopId) -> Result<Tx> {
        self.open(Some(shop)).await
    }

    /// A unit of work about people, who belong to no shop: accounts, sessions, conversations between two.
    pub async fn begin_people(&self) -> Result<Tx> {
        self.open(None).await
    }

    async fn open(&self, shop: Option<ShopId>) -> Result<Tx> {
        let sql = self.pool.begin().await?;
        Ok(Tx::new(
            sql,
            shop,
            self.bus.clone(),
            self.remembered.clone(),
        ))
    }

    /// For single statements that need no transaction.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The bus, for what is shown without being stored.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Wakes when this node has committed a fact.
    pub fn remembered(&self) -> &tokio::sync::Notify {
        &self.remembered
    }
}

/// Every connection rolls back what it has open when it is given back: a cancelled `begin` may leave a transaction open,
/// and the next user's writes would be lost in it. Giving it back tries it, too, so only one that
/// has rested is tried again before it is used.
fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        .before_acquire(|connection, rest| {
            Box::pin(async move {
                if rest.idle_for > RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.execute(NOTHING_OPEN).await?;
                Ok(true)
            })
        })
}
