//! What the server uses of this machine, if it runs on this one: memory and CPU time, from `/proc`.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use serde::{Deserialize, Serialize};

/// Microseconds of CPU time for each unit of work, by who spent them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cpu {
    /// The server.
    pub server: f64,
    /// Its private database; 0 if it has none.
    pub database: f64,
    /// The load test itself.
    pub load: f64,
}

/// CPU time so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    server: Duration,
    database: Duration,
    load: Duration,
}

impl Spent {
    /// What was spent since `earlier` for each of `units`.
    #[expect(clippy::cast_precision_loss, reason = "counts of messages")]
    pub fn since(self, earlier: Self, units: u64) -> Cpu {
        let each = |now: Duration, then: Duration| {
            now.saturating_sub(then).as_secs_f64() * 1e6 / units.max(1) as f64
        };
        Cpu {
            server: each(self.server, earlier.server),
            database: each(self.database, earlier.database),
            load: each(self.load, earlier.load),
        }
    }
}

/// A program on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Program(u32);

impl Program {
    /// The program that listens at `address`, if it is on this machine and ours to look at.
    pub fn listening(address: SocketAddr) -> Option<Self> {
        let inode = listening_inode(address.port())?;
        let wanted = format!("socket:[{inode}]");
        pids().find(|pid| holds(*pid, &wanted)).map(Self)
    }

    /// A program by its id.
    pub fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// Resident memory in KiB.
    pub fn rss_kib(self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }

    /// CPU time of the server, of everything that it has started (its private database), and of this program.
    pub fn spent(self) -> Spent {
        let family = descendants(self.0);
        Spent {
            server: cpu(self.0).unwrap_or_default(),
            database: family.iter().filter_map(|pid| cpu(*pid)).sum(),
            load: cpu(std::process::id()).unwrap_or_default(),
        }
    }
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The inode of the socket that listens on a port, from `/proc/net/tcp`: local address, then 0A for LISTEN.
fn listening_inode(port: u16) -> Option<String> {
    let wanted = format!(":{port:04X}");
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    tables.iter().find_map(|table| {
        let text = fs::read_to_string(table).ok()?;
        text.lines().find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&wanted) && *fields.get(3)? == "0A";
            listens.then(|| fields.get(9).map(ToString::to_string))?
        })
    })
}

fn holds(pid: u32, socket: &str) -> bool {
    let entries = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    let mut links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links.any(|link| link == Path::new(socket))
}

/// The fields of `/proc/PID/stat` after the program's name, which may hold anything.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(ToOwned::to_owned).collect())
}

/// User and system time, in ticks of 10 ms.
fn cpu(pid: u32) -> Option<Duration> {
    let fields = stat(pid)?;
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
}

fn descendants(ancestor: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = pids()
        .filter_map(|pid| Some((pid, stat(pid)?.get(1)?.parse().ok()?)))
        .collect();
    let mut family = vec![ancestor];
    let mut place = 0;
    while let Some(parent) = family.get(place).copied() {
        family.extend(
            parents
                .iter()
                .filter(|(_, of)| *of == parent)
                .map(|(pid, _)| *pid),
        );
        place += 1;
    }
    family.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_found_and_weighed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let program = Program::listening(listener.local_addr().unwrap()).unwrap();
        assert_eq!(program.0, std::process::id());
        assert!(program.rss_kib().unwrap() > 100.0);
    }

    #[test]
    fn children_are_found() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        assert!(descendants(std::process::id()).contains(&child.id()));
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
