//! Who holds the cluster: the reading of `postmaster.pid`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    account::Account,
    error::{Doing, PrivateError},
};

/// How long a postmaster that we did not start may take to go away.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The same for one that says that it is stopping: its last checkpoint may be long on a slow disk.
const PATIENCE_WITH_STOPPING: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(50);

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    /// Line 1.
    pub(super) pid: i32,
    /// Line 8; empty while it is not written yet.
    status: String,
}

impl PidFile {
    /// None if there is none, or if it is being written.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(path(cluster)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // A single-user server writes its number negative.
        let pid = text
            .lines()
            .next()?
            .trim()
            .parse::<i32>()
            .ok()?
            .checked_abs()?;
        let status = text.lines().nth(7).unwrap_or_default().trim().to_owned();
        Some(Self { pid, status })
    }

    pub(super) fn ready(&self) -> bool {
        self.status == "ready"
    }

    fn patience(&self) -> Duration {
        if self.status == "stopping" {
            PATIENCE_WITH_STOPPING
        } else {
            PATIENCE
        }
    }
}

fn path(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

/// Waits until no postmaster holds the cluster, and makes sure that a dead one's file does not count.
///
/// After `kill -9` of souk its postmaster is still shutting down, or dead but not reaped, when the next souk starts.
pub(super) fn wait_until_free(cluster: &Path, account: &Account) -> Result<(), PrivateError> {
    let began = Instant::now();
    while let Some(file) = PidFile::read(cluster) {
        if !lives_on(file.pid, cluster) {
            return disown(cluster, account)
                .doing(|| format!("mending {}", path(cluster).display()));
        }
        if began.elapsed() > file.patience() {
            return Err(PrivateError::Occupied {
                cluster: cluster.into(),
                pid: file.pid,
            });
        }
        thread::sleep(GLANCE);
    }
    Ok(())
}

/// Whether the process is alive and works in this cluster, where every server of Postgres makes its home.
fn lives_on(pid: i32, cluster: &Path) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let alive = state_in(&stat).is_some_and(|state| !matches!(state, 'Z' | 'X'));
    alive
        && match fs::read_link(format!("/proc/{pid}/cwd")) {
            Ok(home) => fs::canonicalize(cluster).is_ok_and(|cluster| cluster == home),
            // In a container even root may not look; then its name decides.
            Err(_) => stat.contains("(postgres)"),
        }
}

/// The state letter in `/proc/PID/stat`: `17 (a name) with) brackets) S 1 …`.
fn state_in(stat: &str) -> Option<char> {
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

/// Puts our number into a dead postmaster's file.
///
/// Postgres takes the number of any living or unreaped process for a server, except its own parent's (us). The
/// file must stay, for it also names the shared memory, by which Postgres knows that no orphan of the dead one
/// still writes.
fn disown(cluster: &Path, account: &Account) -> io::Result<()> {
    let file = path(cluster);
    let text = fs::read_to_string(&file)?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    let draft = cluster.join("postmaster.pid.new");
    fs::write(&draft, format!("{}\n{rest}", std::process::id()))?;
    account.give(&draft)?;
    fs::rename(draft, file)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const FILE: &str =
        "4711\n/data/cluster\n1700000000\n5432\n/data/run\n\n  1234   5678\nready   \n";

    #[test]
    fn the_state_stands_after_the_last_bracket() {
        assert_eq!(state_in("17 (postgres) S 1 17 17 0"), Some('S'));
        assert_eq!(state_in("17 (a) R (b)) Z 1 17"), Some('Z'));
        assert_eq!(state_in(""), None);
        assert_eq!(state_in("17 (cut"), None);
    }

    #[test]
    fn ready_is_the_eighth_line() {
        let file = PidFile::parse(FILE).unwrap();
        assert_eq!((file.pid, file.ready()), (4711, true));
        assert!(
            !PidFile::parse(&FILE.replace("ready", "starting"))
                .unwrap()
                .ready()
        );
        assert!(!PidFile::parse("4711\nready\n").unwrap().ready());
        assert_eq!(PidFile::parse("-17\n").unwrap().pid, 17);
        assert_eq!(PidFile::parse(""), None);
    }

    #[test]
    fn one_that_is_stopping_gets_more_time() {
        let stopping = PidFile::parse(&FILE.replace("ready", "stopping")).unwrap();
        assert!(stopping.patience() > PidFile::parse(FILE).unwrap().patience());
    }

    #[test]
    fn the_living_hold_only_the_folder_they_work_in() {
        let ours = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let mut cat = Command::new("cat")
            .current_dir(ours.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = i32::try_from(cat.id()).unwrap();
        assert!(lives_on(pid, ours.path()));
        assert!(!lives_on(pid, other.path()));
        drop(cat.stdin.take());
        // Dead, and not waited for: a zombie.
        let stat = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        while state_in(&stat()) != Some('Z') {
            thread::yield_now();
        }
        assert!(!lives_on(pid, ours.path()));
        cat.wait().unwrap();
    }

    #[test]
    fn a_dead_ones_file_keeps_everything_but_its_number() {
        let cluster = tempfile::tempdir().unwrap();
        fs::write(path(cluster.path()), FILE.replace("4711", "999999999")).unwrap();
        wait_until_free(cluster.path(), &Account::of(Path::new("/nowhere")).unwrap()).unwrap();
        let mended = fs::read_to_string(path(cluster.path())).unwrap();
        assert_eq!(
            mended,
            FILE.replace("4711", &std::process::id().to_string())
        );
    }
}
