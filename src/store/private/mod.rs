//! The private Postgres that `souk serve` starts when it is given no `DATABASE_URL`.
//!
//! It is a full and durable server (`fsync` on) made from the system's own programs, reachable only through a
//! socket in a folder that nobody else may enter. It ends when souk ends, however souk ends, and the next start
//! finds its data. Below the data folder live `cluster` (Postgres's own), `run` (the socket) and `souk.lock`
//! (held by the souk that runs on it).
//!
//! Under a service manager let the stop signal go to souk alone (systemd: `KillMode=mixed`); sent to the postmaster
//! too, it would turn away new connections while souk still finishes its work.

mod account;
mod binaries;
mod cluster;
mod error;
mod holder;
mod postmaster;

use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

pub use error::PrivateError;

use account::Account;
use binaries::{Binaries, Search};
use cluster::{Folders, NAME};
use postmaster::Postmaster;

/// Where Debian and Ubuntu keep the server programs, one folder a major version.
const DEBIAN: &str = "/usr/lib/postgresql";
const PORT: u16 = 5432;
const BEFORE_RETRY: Duration = Duration::from_millis(200);

/// Given on the command line, where they outrank the cluster's own files; what is not here may be tuned in
/// `cluster/postgresql.conf`.
const SETTINGS: &[(&str, &str)] = &[
    // Only the socket, guarded by its folder.
    ("listen_addresses", ""),
    ("port", "5432"),
    ("unix_socket_permissions", "0700"),
    // What is acknowledged is on disk.
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    // A modest server beside its only client.
    ("max_connections", "100"),
    ("shared_buffers", "256MB"),
    ("jit", "off"),
    // Group commit: few, long checkpoints, and no time spent on packing.
    ("max_wal_size", "2GB"),
    ("min_wal_size", "256MB"),
    ("wal_buffers", "16MB"),
    ("checkpoint_timeout", "15min"),
    ("wal_compression", "off"),
    // A new segment of the log is filled with zeros before its first use: some 20 ms in which nobody is answered.
    ("wal_init_zero", "off"),
    // The log goes to ours: no statements, no values of rows, words that we can recognise.
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_min_messages", "log"),
    ("log_min_error_statement", "panic"),
    ("log_error_verbosity", "terse"),
    ("log_line_prefix", ""),
    ("lc_messages", "C"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
];

/// A running private Postgres. Dropped without [`stop`](Self::stop) it is told to shut down, unwaited for.
#[derive(Debug)]
pub struct PrivatePostgres {
    postmaster: Postmaster,
    run: PathBuf,
}

impl PrivatePostgres {
    /// Starts it in the folder `data`, which is made if it is absent, and blocks until people can connect: about
    /// a second the first time, a tenth of that later on, longer after a crash. `bin_dir` names the folder of `initdb`
    /// and `postgres`; by default the newest of Debian's, then those on `PATH`, are taken.
    ///
    /// Refuses if another souk runs on the folder, if no suitable programs are installed
    /// ([`PrivateError::programs_missing`]), and if the database's user could not reach its folder.
    pub fn start(data: &Path, bin_dir: Option<&Path>) -> Result<Self, PrivateError> {
        let site = Site::prepare(data, bin_dir)?;
        let lock = site.folders.take()?;
        holder::wait_until_free(&site.folders.cluster, &site.account)?;
        site.account.make_private(&site.folders.run)?;
        site.account
            .check_reach(&site.binaries.postgres(), &site.folders.run)?;
        if !site.folders.cluster.exists() {
            site.folders.make_cluster(&site.binaries, &site.account)?;
        }
        let postmaster = site.launch(lock)?;
        site.say_so(&postmaster);
        Ok(Self {
            postmaster,
            run: site.folders.run,
        })
    }

    /// How to connect: by the socket, as the superuser `souk`, to the database `souk`.
    pub fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.run)
            .port(PORT)
            .username(NAME)
            .database(NAME)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The process id of the postmaster.
    pub fn pid(&self) -> i32 {
        self.postmaster.pid()
    }

    /// Shuts it down and waits for its end; after 30 s without the final checkpoint. At once if it has ended.
    /// Refuses after 40 s, when it does not end at all.
    pub async fn stop(&self) -> Result<(), PrivateError> {
        self.postmaster.stop().await
    }

    /// Waits for its end, and says how it came ([`PrivateError::Died`]). For a `select!`: a server whose database
    /// ended without [`stop`](Self::stop) has to end as well, and be started again.
    pub async fn exited(&self) -> PrivateError {
        self.postmaster.death_notice().await
    }
}

/// What is settled before anything is touched: where, by whom, with which programs.
struct Site {
    folders: Folders,
    account: Account,
    binaries: Binaries,
}

impl Site {
    fn prepare(data: &Path, bin_dir: Option<&Path>) -> Result<Self, PrivateError> {
        let folders = Folders::below(data)?;
        let account = Account::of(&folders.cluster)?;
        let search = Search {
            named: bin_dir,
            versioned: Path::new(DEBIAN),
            on_path: binaries::on_path(),
        };
        let binaries = search.choose(&folders.cluster, folders.made_by()?)?;
        if !folders.data.exists() {
            account.check_reach(&binaries.postgres(), folders.existing())?;
        }
        Ok(Self {
            folders,
            account,
            binaries,
        })
    }

    /// Starts the postmaster; again and again for a while if orphans of a killed one still hold the cluster.
    fn launch(&self, mut lock: File) -> Result<Postmaster, PrivateError> {
        let began = Instant::now();
        loop {
            self.folders.sweep_run()?;
            let postmaster = Postmaster::start(self.command(), lock)?;
            match postmaster.wait_until_ready(&self.folders.cluster) {
                Ok(()) => return Ok(postmaster),
                Err(_) if postmaster.found_it_held() && began.elapsed() < holder::PATIENCE => {
                    thread::sleep(BEFORE_RETRY);
                    // The one that gave up has let go of it.
                    lock = self.folders.take()?;
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn command(&self) -> Command {
        let mut postgres = self
            .account
            .command(&self.binaries.postgres(), &self.folders.run);
        postgres.arg("-D").arg(&self.folders.cluster);
        postgres.arg("-c").arg(self.socket_folder());
        for (name, value) in SETTINGS {
            postgres.arg("-c").arg(format!("{name}={value}"));
        }
        postgres
    }

    /// The setting is a list, in which a path with a comma or a blank must be quoted.
    fn socket_folder(&self) -> OsString {
        let quoted = self.folders.run.display().to_string().replace('"', "\"\"");
        format!("unix_socket_directories=\"{quoted}\"").into()
    }

    fn say_so(&self, postmaster: &Postmaster) {
        tracing::info!(
            pid = postmaster.pid(),
            version = self.binaries.major(),
            programs = %self.binaries.dir().display(),
            cluster = %self.folders.cluster.display(),
            "private PostgreSQL is ready; to move to a server of your own: pg_dump -h {} -U {NAME} {NAME}, \
             restore it there, and set DATABASE_URL",
            self.folders.run.display(),
        );
    }
}
