//! The private Postgres: it keeps its data whatever is killed, and never outlives its souk.

mod killed;

use std::{
    fs,
    io::Write,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, lchown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
    thread,
};

use rustix::process::{Pid, Signal, geteuid, getpgid, kill_process};
use souk::store::private::{PrivateError, PrivatePostgres};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

/// A folder that every user may pass through, whatever the mode of temporary folders is.
fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    folder
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

async fn start(data: &Path) -> Result<PrivatePostgres, PrivateError> {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || PrivatePostgres::start(&data, None))
        .await
        .unwrap()
}

async fn connect(postgres: &PrivatePostgres) -> PgConnection {
    PgConnection::connect_with(&postgres.connect_options())
        .await
        .unwrap()
}

async fn ask(postgres: &PrivatePostgres, question: &'static str) -> String {
    let mut line = connect(postgres).await;
    sqlx::query_scalar(question)
        .fetch_one(&mut line)
        .await
        .unwrap()
}

async fn write_down(postgres: &PrivatePostgres, word: &str) {
    let mut line = connect(postgres).await;
    line.execute("create table if not exists words (word text)")
        .await
        .unwrap();
    sqlx::query("insert into words values ($1)")
        .bind(word)
        .execute(&mut line)
        .await
        .unwrap();
}

const WORDS: &str = "select string_agg(word, ' ' order by word) from words";

fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn state_of(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let folder = open_folder();
    let data = folder.path().join("a \"shop\", open/postgres");
    let first = start(&data).await.unwrap();
    write_down(&first, "猫").await;
    first.stop().await.unwrap();
    first.stop().await.unwrap();
    assert_eq!(
        state_of(first.pid()),
        None,
        "the postmaster is gone and reaped"
    );

    let second = start(&data).await.unwrap();
    assert_eq!(ask(&second, WORDS).await, "猫");
    second.stop().await.unwrap();
    assert!(
        matches!(second.exited().await, PrivateError::Died { status, .. } if status.ends_with('0'))
    );
}

#[tokio::test]
async fn it_is_durable_private_and_knows_chinese() {
    let folder = open_folder();
    let postgres = start(folder.path()).await.unwrap();
    for (question, answer) in [
        ("show fsync", "on"),
        ("show synchronous_commit", "on"),
        ("show full_page_writes", "on"),
        ("show listen_addresses", ""),
        ("show jit", "off"),
        ("show max_connections", "100"),
        ("show server_encoding", "UTF8"),
        ("show lc_ctype", "C.UTF-8"),
        ("select current_database() || current_user", "souksouk"),
        ("select ('猫' ~ '^\\w$')::text", "true"),
    ] {
        assert_eq!(ask(&postgres, question).await, answer, "{question}");
    }
    for name in ["cluster", "run"] {
        let meta = fs::metadata(folder.path().join(name)).unwrap();
        assert_eq!(meta.mode() & 0o777, 0o700, "{name}");
        assert_ne!(meta.uid(), 0, "{name}");
    }
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_postmaster_is_noticed_and_its_data_recovered() {
    let folder = open_folder();
    let first = start(folder.path()).await.unwrap();
    write_down(&first, "kept").await;
    kill(first.pid(), Signal::KILL);
    let notice = first.exited().await;
    assert!(
        matches!(&notice, PrivateError::Died { status, .. } if status.contains("signal: 9")),
        "{notice}"
    );

    let second = start(folder.path()).await.unwrap();
    assert_eq!(ask(&second, WORDS).await, "kept");
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_souk_on_the_same_folder_is_refused() {
    let folder = open_folder();
    let first = start(folder.path()).await.unwrap();
    let refused = start(folder.path()).await.unwrap_err();
    assert!(matches!(refused, PrivateError::InUse { .. }), "{refused}");
    assert!(
        refused
            .to_string()
            .contains(folder.path().to_str().unwrap())
    );
    assert_eq!(ask(&first, "select 'still here'").await, "still here");
    first.stop().await.unwrap();
}

#[tokio::test]
async fn ctrl_c_in_a_terminal_is_for_souk_alone() {
    let folder = open_folder();
    let postgres = start(folder.path()).await.unwrap();
    let pid = Pid::from_raw(postgres.pid()).unwrap();
    assert_eq!(
        getpgid(Some(pid)).unwrap(),
        pid,
        "the postmaster has a process group of its own"
    );
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn it_outlives_the_thread_that_asked_for_it() {
    let folder = open_folder();
    let data = folder.path().to_owned();
    let asker = thread::spawn(move || {
        let me = fs::read_link("/proc/thread-self").unwrap();
        (
            PrivatePostgres::start(&data, None).unwrap(),
            Path::new("/proc").join(me),
        )
    });
    let (postgres, me) = asker.join().unwrap();
    // Joined is not yet dead for the kernel, which signals at the very end.
    while me.exists() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&postgres, "select 'alive'").await, "alive");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_half_made_is_made_again() {
    let folder = open_folder();
    let half = folder.path().join("cluster.new");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    let postgres = start(folder.path()).await.unwrap();
    assert_eq!(
        ask(&postgres, "select current_database()::text").await,
        "souk"
    );
    assert!(!half.exists());
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_dead_but_unreaped_postmaster_does_not_hold_the_cluster() {
    let folder = open_folder();
    let first = start(folder.path()).await.unwrap();
    write_down(&first, "kept").await;
    let pid_file = folder.path().join("cluster/postmaster.pid");
    let said = fs::read_to_string(&pid_file).unwrap();
    first.stop().await.unwrap();

    // A process of the database's own user, which PostgreSQL would take for a living server.
    let owner = fs::metadata(folder.path().join("cluster")).unwrap();
    let mut zombie = as_user(Command::new("true"), owner.uid(), owner.gid())
        .spawn()
        .unwrap();
    let pid = i32::try_from(zombie.id()).unwrap();
    while state_of(pid) != Some('Z') {
        tokio::task::yield_now().await;
    }
    fs::write(
        &pid_file,
        said.replacen(&first.pid().to_string(), &pid.to_string(), 1),
    )
    .unwrap();
    lchown(&pid_file, Some(owner.uid()), Some(owner.gid())).unwrap();

    let second = start(folder.path()).await.unwrap();
    assert_eq!(ask(&second, WORDS).await, "kept");
    second.stop().await.unwrap();
    zombie.wait().unwrap();
}

#[tokio::test]
async fn a_version_that_is_not_installed_is_asked_for() {
    let folder = open_folder();
    let first = start(folder.path()).await.unwrap();
    first.stop().await.unwrap();
    fs::write(folder.path().join("cluster/PG_VERSION"), "12\n").unwrap();
    let refused = start(folder.path()).await.unwrap_err();
    assert!(refused.programs_missing(), "{refused}");
    assert!(refused.to_string().contains("`postgresql-12`"), "{refused}");
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let folder = open_folder();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    let settings = folder.path().join("cluster/postgresql.conf");
    let mut file = fs::File::options().append(true).open(&settings).unwrap();
    writeln!(file, "no_such_setting = 1").unwrap();
    let refused = start(folder.path()).await.unwrap_err();
    assert!(refused.to_string().contains("no_such_setting"), "{refused}");
    // And the folder is free again.
    let again = start(folder.path()).await.unwrap_err();
    assert!(matches!(again, PrivateError::Died { .. }), "{again}");
}

#[tokio::test]
async fn a_folder_behind_a_closed_door_is_refused_untouched() {
    if !geteuid().is_root() {
        return; // Only root gives its rights away, and then meets doors that it could open itself.
    }
    let folder = open_folder();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    set_mode(&closed, 0o700);
    let refused = start(&closed.join("data")).await.unwrap_err();
    assert!(
        matches!(&refused, PrivateError::Closed { folder, .. } if *folder == closed),
        "{refused}"
    );
    assert_eq!(fs::read_dir(&closed).unwrap().count(), 0);

    set_mode(&closed, 0o711);
    start(&closed.join("data"))
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
}

fn as_user(mut command: Command, uid: u32, gid: u32) -> Command {
    if geteuid().is_root() {
        command.uid(uid).gid(gid);
    }
    command
}
