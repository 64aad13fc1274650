//! A server in the test's own process, with a clock that the test can move.

use std::{sync::OnceLock, time::Duration};

use souk::{
    Server,
    clock::Clock,
    config::{Config, Networks},
    shutdown::Shutdown,
};
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{database, eventually};

/// A running server, stopped when dropped or by [`TestServer::stop`].
pub struct TestServer {
    /// The server.
    pub server: Server,
    /// Its clock.
    pub clock: Clock,
    /// Where its data is: for a second node, or to look behind its back.
    pub database: PgConnectOptions,
    shutdown: Shutdown,
    /// Where its files are, until the test ends.
    data: TempDir,
    /// Asks it over HTTP: made once, for that takes longer than to ask.
    browser: OnceLock<reqwest::Client>,
}

impl TestServer {
    /// A server on a fresh database.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// The same with some settings changed.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(database::fresh().await, change).await
    }

    /// A server (one more node) on a database that exists.
    pub async fn on(database: PgConnectOptions, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.server.profile = souk::config::Profile::Development;
        config.server.drain_seconds = 1;
        // The nodes of a database share the key, and they have a data folder each.
        config.security.secrets_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".into();
        config.limits.exempt_networks = Networks::loopback();
        config.database.connections = 8;
        config.limits.rest_requests_per_second = 0;
        // Stories hold locks in their hands, on busy machines.
        config.database.statement_ms = 60_000;
        config.database.lock_ms = 60_000;
        config.database.send_lock_ms = 5_000;
        config.database.idle_in_transaction_ms = 60_000;
        let data = TempDir::new().expect("a folder for files");
        config.server.data = data.path().display().to_string();
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let (clock, shutdown) = (Clock::movable(), Shutdown::default());
        // On the heap: stories are long enough without it.
        let server = souk::run(config, database.clone(), listener, clock.clone(), &shutdown);
        let server = Box::pin(server).await;
        Self {
            server: server.expect("the server starts"),
            clock,
            database,
            shutdown,
            data,
            browser: OnceLock::new(),
        }
    }

    /// Who asks it over HTTP.
    pub fn browser(&self) -> reqwest::Client {
        self.browser.get_or_init(Self::http).clone()
    }

    /// `ws://…` for the client.
    pub fn socket_url(&self) -> String {
        format!("ws://{}", self.server.address)
    }

    /// `http://…` for REST, with a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    /// A browser.
    pub fn http() -> reqwest::Client {
        souk::tls::install_provider();
        reqwest::Client::new()
    }

    /// How many objects lie on the shelf for files.
    pub fn files_on_shelf(&self) -> usize {
        let mut folders = vec![self.data.path().join("files")];
        let mut files = 0;
        while let Some(entries) = folders
            .pop()
            .and_then(|folder| std::fs::read_dir(folder).ok())
        {
            for entry in entries.flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    files += 1;
                }
            }
        }
        files
    }

    /// Does by hand what a job of the schedule does: when no node is at it, and none begins it meanwhile. Else what is due may still be under way
    /// there when this ends.
    pub async fn in_turn<T>(&self, job: &str, work: impl Future<Output = T>) -> T {
        let pool = self.server.app.store.pool();
        let take = "update scheduled_jobs set leased_until = '2200-01-01', term = term + 1 where name = $1 and leased_until is null";
        eventually(async || {
            let taken = sqlx::query(take).bind(job).execute(pool).await;
            taken.expect("a lease").rows_affected() == 1
        })
        .await;
        let done = work.await;
        sqlx::query("update scheduled_jobs set leased_until = null where name = $1")
            .bind(job)
            .execute(pool)
            .await
            .expect("the lease is over");
        done
    }

    /// Stops it as SIGTERM does.
    pub async fn stop(self) {
        self.shutdown.stop(Duration::from_secs(10)).await;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.soft().cancel();
        self.shutdown.firm().cancel();
    }
}
