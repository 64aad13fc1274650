//! One running postmaster: the thread that keeps it, its log, its end.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::watch;

use super::{
    account::end_with_this_thread,
    error::{Doing, PrivateError},
    holder::PidFile,
};

/// How long a start may take. One that failed is noticed at once; this is for one that hangs, and is long since
/// after a crash up to `max_wal_size` of log is replayed first.
const START_LIMIT: Duration = Duration::from_mins(5);
const GLANCE: Duration = Duration::from_millis(10);
/// How long a fast shutdown may take (its checkpoint writes what is dirty), then an immediate one.
const FAST_LIMIT: Duration = Duration::from_secs(30);
const IMMEDIATE_LIMIT: Duration = Duration::from_secs(10);
/// How long orphans of a killed postmaster may keep its log open before we stop listening for last words.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);
const LAST_WORDS: usize = 12;

type Tail = Arc<Mutex<VecDeque<String>>>;

/// A postmaster that we started. Dropping it sends it a fast shutdown and does not wait.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: i32,
    /// Names the process even after it has ended, when its number may be another's.
    process: OwnedFd,
    ended: watch::Receiver<Option<ExitStatus>>,
    tail: Tail,
}

struct Started {
    pid: i32,
    process: OwnedFd,
}

impl Postmaster {
    /// Starts the command in a thread of its own, which then waits for its end and unlocks the data folder.
    ///
    /// A thread of its own, because the kernel ends the postmaster with the thread that started it: on a thread of
    /// the runtime's blocking pool it would be shut down as soon as that thread is retired.
    pub(super) fn start(mut command: Command, lock: File) -> Result<Self, PrivateError> {
        // Its own group: Ctrl-C in a terminal is for souk, which first lets its people finish.
        command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        end_with_this_thread(&mut command, Signal::INT);
        let tail = Tail::default();
        let (tell, told) = mpsc::channel();
        let (announce, ended) = watch::channel(None);
        let keeper = Keeper {
            lock,
            tail: tail.clone(),
            announce,
        };
        let doing = || "starting the private PostgreSQL".to_owned();
        thread::Builder::new()
            .name("souk-postgres".into())
            .spawn(move || keeper.keep(command, &tell))
            .doing(doing)?;
        let answer = told
            .recv()
            .unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()));
        let Started { pid, process } = answer.doing(doing)?;
        Ok(Self {
            pid,
            process,
            ended,
            tail,
        })
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid
    }

    /// Blocks until people can connect. If that fails, the postmaster has ended or been told to.
    pub(super) fn wait_until_ready(&self, cluster: &Path) -> Result<(), PrivateError> {
        let began = Instant::now();
        loop {
            if self.has_ended() {
                return Err(self.death());
            }
            if PidFile::read(cluster).is_some_and(|file| file.pid == self.pid && file.ready()) {
                return Ok(());
            }
            if began.elapsed() > START_LIMIT {
                self.signal(Signal::QUIT);
                let seconds = START_LIMIT.as_secs();
                return Err(PrivateError::TooSlow {
                    seconds,
                    last_words: self.last_words(),
                });
            }
            thread::sleep(GLANCE);
        }
    }

    /// Waits for the end, and says what it was.
    pub(super) async fn death_notice(&self) -> PrivateError {
        // An error says that the keeper is gone, which comes to the same.
        let _ = self.ended.clone().wait_for(Option::is_some).await;
        self.death()
    }

    /// Ends it: politely to the disk, then in a hurry. Nothing committed is lost either way.
    pub(super) async fn stop(&self) -> Result<(), PrivateError> {
        for (signal, limit) in [(Signal::INT, FAST_LIMIT), (Signal::QUIT, IMMEDIATE_LIMIT)] {
            self.signal(signal);
            if tokio::time::timeout(limit, self.death_notice())
                .await
                .is_ok()
            {
                return Ok(());
            }
            tracing::warn!(
                pid = self.pid,
                ?signal,
                ?limit,
                "the private PostgreSQL does not stop"
            );
        }
        Err(PrivateError::WontStop { pid: self.pid })
    }

    /// Whether it gave up because a predecessor, or an orphan of one, still holds the cluster.
    pub(super) fn found_it_held(&self) -> bool {
        let held = [
            "pre-existing shared memory block",
            "lock file \"postmaster.pid\" already exists",
        ];
        self.tail
            .lock()
            .iter()
            .any(|line| held.iter().any(|words| line.contains(words)))
    }

    fn signal(&self, signal: Signal) {
        // Fails only if it is gone already, which is what a signal is for.
        let _ = pidfd_send_signal(&self.process, signal);
    }

    fn has_ended(&self) -> bool {
        self.ended.borrow().is_some() || self.ended.has_changed().is_err()
    }

    fn death(&self) -> PrivateError {
        let status = *self.ended.borrow();
        let status = status.map_or_else(|| "nobody saw how".into(), |status| status.to_string());
        PrivateError::Died {
            status,
            last_words: self.last_words(),
        }
    }

    fn last_words(&self) -> String {
        let tail = self.tail.lock();
        if tail.is_empty() {
            "none".into()
        } else {
            tail.iter().cloned().collect::<Vec<_>>().join(" / ")
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

/// What the keeping thread owns.
struct Keeper {
    lock: File,
    tail: Tail,
    announce: watch::Sender<Option<ExitStatus>>,
}

impl Keeper {
    fn keep(self, mut command: Command, tell: &mpsc::Sender<io::Result<Started>>) {
        let (mut child, started) = match spawn(&mut command) {
            Ok(pair) => pair,
            Err(e) => return drop(tell.send(Err(e))),
        };
        let silence = child
            .stderr
            .take()
            .map(|log| listen(log, self.tail.clone()));
        let _ = tell.send(Ok(started));
        let status = child.wait();
        if let Some(silence) = silence {
            // Nothing is ever sent; the channel closes when the log does.
            let _ = silence.recv_timeout(LAST_WORDS_LIMIT);
        }
        // Said aloud, not left to the closing of the file: a program being started by another thread may still
        // hold a copy of it for a moment.
        let _ = self.lock.unlock();
        self.announce.send_replace(status.ok());
    }
}

fn spawn(command: &mut Command) -> io::Result<(Child, Started)> {
    let child = command.spawn()?;
    // Safe from mixing up numbers: nobody but us can reap the child, and we have not yet.
    let pid = Pid::from_child(&child);
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    Ok((
        child,
        Started {
            pid: pid.as_raw_nonzero().get(),
            process,
        },
    ))
}

/// Carries the postmaster's log into ours, in a thread that ends with the log.
fn listen(log: impl Read + Send + 'static, tail: Tail) -> mpsc::Receiver<()> {
    let (open, silence) = mpsc::channel();
    let listening = thread::Builder::new()
        .name("souk-postgres-log".into())
        .spawn(move || {
            let _open = open;
            for line in BufReader::new(log).split(b'\n').map_while(Result::ok) {
                note(&tail, String::from_utf8_lossy(&line).trim_end());
            }
        });
    if let Err(error) = listening {
        tracing::error!(%error, "the log of the private PostgreSQL cannot be read");
    }
    silence
}

fn note(tail: &Tail, line: &str) {
    if line.contains("PANIC:") {
        tracing::error!(target: "postgres", "{line}");
    } else if line.contains("FATAL:") {
        tracing::warn!(target: "postgres", "{line}");
    } else {
        tracing::debug!(target: "postgres", "{line}");
    }
    let mut tail = tail.lock();
    if tail.len() == LAST_WORDS {
        tail.pop_front();
    }
    tail.push_back(line.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_words_are_kept() {
        let tail = Tail::default();
        let log: Vec<u8> = (0..50)
            .flat_map(|n| format!("line {n}\n").into_bytes())
            .collect();
        let silence = listen(io::Cursor::new(log), tail.clone());
        assert_eq!(silence.recv(), Err(mpsc::RecvError));
        let kept: Vec<_> = tail.lock().iter().cloned().collect();
        assert_eq!(kept.len(), LAST_WORDS);
        assert_eq!(kept.last().unwrap(), "line 49");
    }
}
