//! Why the private Postgres does not run, said to an operator.

use std::{io, path::PathBuf};

/// Why the private Postgres did not start, or is gone. Each sentence says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// No folder with the server programs was found.
    #[error(
        "PostgreSQL's server programs are not installed (looked in {looked_in}). Install the Debian package \
         `postgresql` (apt-get install postgresql), or name the folder that holds `initdb` and `postgres` in \
         PG_BIN_DIR, or give the address of a PostgreSQL server in DATABASE_URL."
    )]
    ProgramsMissing {
        /// The places that were searched, for people.
        looked_in: String,
    },
    /// The folder that was named does not hold the server programs.
    #[error(
        "PG_BIN_DIR is {}, but the programs `initdb` and `postgres` are not both there. The Debian package \
         `postgresql` brings them in a folder like /usr/lib/postgresql/15/bin.", dir.display()
    )]
    BinDirWrong {
        /// The folder that was named.
        dir: PathBuf,
    },
    /// Programs were found, but only older ones than we need.
    #[error(
        "only PostgreSQL {newest} was found, and at least {oldest} is needed. Install the Debian package \
         `postgresql-{oldest}` or newer, or name another folder in PG_BIN_DIR."
    )]
    TooOld {
        /// The newest major version found.
        newest: u32,
        /// The oldest major version we run on.
        oldest: u32,
    },
    /// The data was made by a major version that is not installed.
    #[error(
        "the data in {} was made by PostgreSQL {wanted}, and only {found} was found. Install the Debian package \
         `postgresql-{wanted}`; a newer major version cannot open it without a dump and restore.", cluster.display()
    )]
    VersionMissing {
        /// The cluster's folder.
        cluster: PathBuf,
        /// The major version in its `PG_VERSION`.
        wanted: u32,
        /// The major versions found, for people.
        found: String,
    },
    /// We are root and there is nobody to run the database as.
    #[error(
        "PostgreSQL refuses to run as root, and this system has neither a user `postgres` nor a user `nobody` \
         to run it as. Create one (useradd --system postgres), or start souk as an ordinary user."
    )]
    NoAccount,
    /// The cluster belongs to a user that we are not, or to root.
    #[error(
        "the database in {} belongs to user id {owner}, and PostgreSQL runs only as the owner of its data. \
         Start souk as that user (or as root, if the owner is not root), or chown the folder.", cluster.display()
    )]
    NotOwner {
        /// The cluster's folder.
        cluster: PathBuf,
        /// The user id that owns it.
        owner: u32,
    },
    /// The database's user cannot get to the data folder or to the programs.
    #[error(
        "the database runs as user `{account}`, who may not enter {}. Let others pass through it \
         (chmod o+x {}), or choose a place that everybody may enter, such as /var/lib/souk.",
        folder.display(), folder.display()
    )]
    Closed {
        /// The first folder on the way that is closed.
        folder: PathBuf,
        /// The user who cannot enter it.
        account: String,
    },
    /// The socket's path does not fit into a socket address.
    #[error(
        "the data folder's path is too long or not UTF-8: the database's socket in {} must have a path of less \
         than 100 bytes. Choose a data folder with a shorter path.", run.display()
    )]
    PathUnfit {
        /// The folder of the socket.
        run: PathBuf,
    },
    /// Another souk runs on this folder.
    #[error(
        "another souk is running on the data folder {}. Stop it first, or give this one a folder of its own; \
         to run several nodes on one database, give them all the same DATABASE_URL.", data.display()
    )]
    InUse {
        /// The data folder.
        data: PathBuf,
    },
    /// A postmaster that is not ours runs on this cluster, and did not go away.
    #[error(
        "a PostgreSQL server (process {pid}) is already running on {}. If somebody started it by hand, stop it \
         (kill -INT {pid}) and start again.", cluster.display()
    )]
    Occupied {
        /// The cluster's folder.
        cluster: PathBuf,
        /// The other postmaster.
        pid: i32,
    },
    /// One of the programs does not work, most often while a new cluster is made.
    #[error("PostgreSQL's `{program}` failed ({status}): {output}")]
    ProgramFailed {
        /// What was running.
        program: &'static str,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
    /// The postmaster ended without being told to.
    #[error("the private PostgreSQL ended by itself ({status}). Its last words: {last_words}")]
    Died {
        /// How it ended.
        status: String,
        /// The last lines of its log.
        last_words: String,
    },
    /// The postmaster lives, but does not get ready.
    #[error("the private PostgreSQL was not ready after {seconds} s. Its last words: {last_words}")]
    TooSlow {
        /// How long we waited.
        seconds: u64,
        /// The last lines of its log.
        last_words: String,
    },
    /// The postmaster did not end when told to, twice.
    #[error(
        "the private PostgreSQL (process {pid}) does not stop. Look at it, and as a last resort kill -9 {pid}."
    )]
    WontStop {
        /// The postmaster.
        pid: i32,
    },
    /// The operating system refused something.
    #[error("{doing} failed: {source}")]
    Io {
        /// What we were doing, with the path.
        doing: String,
        /// What the system answered.
        source: io::Error,
    },
}

impl PrivateError {
    /// Whether the cure is to install something: the programs are absent or of the wrong version.
    pub fn programs_missing(&self) -> bool {
        matches!(
            self,
            Self::ProgramsMissing { .. }
                | Self::BinDirWrong { .. }
                | Self::TooOld { .. }
                | Self::VersionMissing { .. }
        )
    }
}

/// Says what failed: `fs::read(path).doing(|| format!("reading {path}"))?`.
pub(super) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, PrivateError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, PrivateError> {
        self.map_err(|source| PrivateError::Io {
            doing: what(),
            source,
        })
    }
}
