//! A synchronous standby of the world's PostgreSQL, which takes its place when it is killed.

use std::{
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use souk::store::private::PrivatePostgres;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

use crate::wait::until;

/// How long a standby may take to follow, or to take over.
const PATIENCE: Duration = Duration::from_secs(30);

/// What follows the primary, commit by commit: nothing is acknowledged that it does not have.
pub struct Standby {
    postgres: PrivatePostgres,
}

impl Standby {
    /// A copy of the primary in the folder `place`. From now on each commit of the primary waits for it.
    pub async fn of(primary: &PgConnectOptions, from: &Path, place: &Path) -> Self {
        let mut sql = PgConnection::connect_with(primary).await.expect("it runs");
        let programs = "select setting from pg_config() where name = 'BINDIR'";
        let programs: String = sqlx::query_scalar(programs)
            .fetch_one(&mut sql)
            .await
            .expect("a folder");
        let cluster = place.join("cluster");
        std::fs::create_dir_all(place).expect("a folder");
        let mut copy = Command::new(Path::new(&programs).join("pg_basebackup"));
        copy.arg("--host").arg(from.join("run"));
        copy.args(["--username=souk", "--write-recovery-conf"]);
        copy.args(["--wal-method=stream", "--checkpoint=fast", "--pgdata"]);
        done(copy.arg(&cluster));
        // Whoever runs the one runs the other.
        let mut own = Command::new("chown");
        own.arg("--recursive").arg("--reference");
        done(own.arg(from.join("cluster")).arg(&cluster));
        let place = place.to_owned();
        let started =
            tokio::task::spawn_blocking(move || PrivatePostgres::start(&place, None)).await;
        let postgres = started.expect("no panic").expect("the standby starts");
        is_waited_for(&mut sql).await;
        Self { postgres }
    }

    /// It is the primary now, and takes writes.
    pub async fn promote(self) -> PrivatePostgres {
        let options = self.postgres.connect_options();
        let mut sql = PgConnection::connect_with(&options)
            .await
            .expect("it answers");
        let promoted: bool = sqlx::query_scalar("select pg_promote()")
            .fetch_one(&mut sql)
            .await
            .expect("it is promoted");
        assert!(promoted, "it takes over");
        self.postgres
    }
}

/// From now on the primary acknowledges nothing that its standby does not have.
async fn is_waited_for(primary: &mut PgConnection) {
    let wait = "alter system set synchronous_standby_names = '*'; select pg_reload_conf();";
    for statement in wait.split_inclusive(';') {
        sqlx::raw_sql(statement)
            .execute(&mut *primary)
            .await
            .expect("a setting");
    }
    let follows = "select exists (select from pg_stat_replication where sync_state = 'sync')";
    let follows = async || -> bool {
        let found = sqlx::query_scalar(follows).fetch_one(&mut *primary).await;
        found.expect("an answer")
    };
    assert!(until(PATIENCE, follows).await, "the standby follows");
}

/// Runs a program to its end.
fn done(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
}

/// `kill -9`; its children end by themselves when they see that.
pub fn kill(postgres: &PrivatePostgres) {
    done(Command::new("kill").args(["-9", &postgres.pid().to_string()]));
}

/// Makes `link` lead to the socket of whoever is primary, in one move.
pub fn lead(link: &Path, place: &Path) {
    let fresh = link.with_extension("next");
    symlink(place.join("run"), &fresh).expect("a link");
    std::fs::rename(fresh, link).expect("it is renamed");
}
