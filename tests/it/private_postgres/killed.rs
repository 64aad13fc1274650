//! What is left when souk, its PostgreSQL or both are killed, told by keepers in processes of their own.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{MetadataExt, lchown},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Signal, geteuid};
use tokio::runtime::Runtime;

use super::{WORDS, ask, kill, open_folder, start, state_of, write_down};

#[test]
fn killing_souk_ends_the_postmaster_and_the_next_start_finds_everything() {
    if std::env::var_os(KEEPS).is_some() {
        return Runtime::new().unwrap().block_on(keep());
    }
    let folder = open_folder();
    let mut souk = Keeper::start(folder.path(), None);
    let postmaster = souk.say("write down kept");
    souk.child.kill().unwrap();
    souk.child.wait().unwrap();

    let mut next = Keeper::start(folder.path(), None);
    assert_ne!(
        state_of(postmaster.parse().unwrap()),
        Some('S'),
        "the old postmaster lives on"
    );
    assert_eq!(next.say("read"), "kept");
    assert_eq!(next.say("stop"), "stopped");
    assert!(next.child.wait().unwrap().success());
}

#[test]
fn killing_both_at_once_loses_nothing() {
    let folder = open_folder();
    let mut souk = Keeper::start(folder.path(), None);
    let postmaster = souk.say("write down kept").parse().unwrap();
    // Stopped, it cannot shut down in order when souk is gone.
    kill(postmaster, Signal::STOP);
    souk.child.kill().unwrap();
    souk.child.wait().unwrap();
    kill(postmaster, Signal::KILL);

    let mut next = Keeper::start(folder.path(), None);
    assert_eq!(next.say("read"), "kept");
    assert_eq!(next.say("stop"), "stopped");
    assert!(next.child.wait().unwrap().success());
}

#[test]
fn an_ordinary_user_needs_nobodys_help() {
    if !geteuid().is_root() {
        return; // Then every other test shows it.
    }
    let folder = open_folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    lchown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut souk = Keeper::start(&data, Some(NOBODY));
    souk.say("write down kept");
    assert_eq!(souk.say("stop"), "stopped");
    assert!(souk.child.wait().unwrap().success());
    assert_eq!(fs::metadata(data.join("cluster")).unwrap().uid(), NOBODY);

    // Root takes over as the user whom the cluster belongs to.
    let mut root = Keeper::start(&data, None);
    assert_eq!(root.say("read"), "kept");
    assert_eq!(root.say("stop"), "stopped");
    assert!(root.child.wait().unwrap().success());
}

const NOBODY: u32 = 65534;

/// This test binary once more, in the role of a souk that can be killed: it does what it reads, line by line.
struct Keeper {
    child: Child,
    answers: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

const MARK: &str = "keeper: ";

/// Set in the process of a keeper: there the test that it runs keeps a PostgreSQL.
const KEEPS: &str = "SOUK_TEST_KEEPS";

impl Keeper {
    fn start(data: &Path, uid: Option<u32>) -> Self {
        let mut command = Command::new("/proc/self/exe");
        command
            .args([
                "--exact",
                "private_postgres::killed::killing_souk_ends_the_postmaster_and_the_next_start_finds_everything",
                "--nocapture",
            ])
            .env(KEEPS, "")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        let mut child = command.spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut keeper = Self { child, answers };
        keeper.say(data.to_str().unwrap());
        keeper
    }

    fn say(&mut self, order: &str) -> String {
        writeln!(self.child.stdin.as_ref().unwrap(), "{order}").unwrap();
        self.answers
            .by_ref()
            .find_map(|line| Some(line.unwrap().split_once(MARK)?.1.to_owned()))
            .expect("the keeper answers")
    }
}

/// What a keeper does, until it is told to stop, killed, or left alone.
async fn keep() {
    let mut orders = std::io::stdin().lines().map(Result::unwrap);
    let Some(data) = orders.next() else { return };
    let postgres = start(Path::new(&data)).await.unwrap();
    println!("{MARK}started");
    for order in orders {
        let answer = match order.as_str() {
            "read" => ask(&postgres, WORDS).await,
            "stop" => {
                postgres.stop().await.unwrap();
                "stopped".into()
            }
            order => {
                write_down(&postgres, order.strip_prefix("write down ").unwrap()).await;
                postgres.pid().to_string()
            }
        };
        println!("{MARK}{answer}");
        if answer == "stopped" {
            break;
        }
    }
}
