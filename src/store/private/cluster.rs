//! The folders of the private database, and how a new cluster is made in them.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rustix::process::Signal;

use super::{
    account::{Account, end_with_this_thread},
    binaries::Binaries,
    error::{Doing, PrivateError},
};

/// The superuser of the private cluster and the name of its one database.
pub(super) const NAME: &str = "souk";

/// Where things are, below the data folder.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    /// The operator's choice; may be open to others.
    pub(super) data: PathBuf,
    /// Postgres's own folder, 0700.
    pub(super) cluster: PathBuf,
    /// The socket is here, 0700: whoever gets in is trusted.
    pub(super) run: PathBuf,
}

impl Folders {
    pub(super) fn below(data: &Path) -> Result<Self, PrivateError> {
        let data =
            std::path::absolute(data).doing(|| format!("finding the folder {}", data.display()))?;
        let run = data.join("run");
        // A socket's address holds 107 bytes, and the file's own name takes 14.
        match run.to_str() {
            Some(path) if path.len() + "/.s.PGSQL.5432".len() < 100 => {}
            _ => return Err(PrivateError::PathUnfit { run }),
        }
        Ok(Self {
            cluster: data.join("cluster"),
            run,
            data,
        })
    }

    /// The major version that made the cluster; none if there is no cluster yet.
    pub(super) fn made_by(&self) -> Result<Option<u32>, PrivateError> {
        let file = self.cluster.join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
                .doing(|| format!("reading the version in {}", file.display())),
            Err(_) if !self.cluster.exists() => Ok(None),
            Err(e) => Err(e).doing(|| format!("reading {}", file.display())),
        }
    }

    /// The deepest part of the data folder's path that exists already.
    pub(super) fn existing(&self) -> &Path {
        self.data
            .ancestors()
            .find(|p| p.is_dir())
            .unwrap_or(Path::new("/"))
    }

    /// Makes the data folder and takes it for this process; the kernel gives it back when we end.
    pub(super) fn take(&self) -> Result<File, PrivateError> {
        fs::create_dir_all(&self.data)
            .doing(|| format!("making the data folder {}", self.data.display()))?;
        let path = self.data.join("souk.lock");
        let doing = || format!("locking {}", path.display());
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .doing(doing)?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(PrivateError::InUse {
                data: self.data.clone(),
            }),
            Err(TryLockError::Error(e)) => Err(e).doing(doing),
        }
    }

    /// Takes away what a postmaster that was killed left beside its socket: a new one would refuse to start
    /// if some other program has the old one's process id by now. Only while no postmaster runs.
    pub(super) fn sweep_run(&self) -> Result<(), PrivateError> {
        for name in [".s.PGSQL.5432", ".s.PGSQL.5432.lock"] {
            let file = self.run.join(name);
            match fs::remove_file(&file) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(e).doing(|| format!("removing {}", file.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the cluster with its database. It appears under its name only when it is whole, so that one half
    /// made when the power went is never taken for data.
    pub(super) fn make_cluster(
        &self,
        binaries: &Binaries,
        account: &Account,
    ) -> Result<(), PrivateError> {
        let fresh = self.data.join("cluster.new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh)
                .doing(|| format!("removing the half made {}", fresh.display()))?;
        }
        account.make_private(&fresh)?;
        run_to_end("initdb", self.initdb(binaries, account, &fresh))?;
        run_to_end(
            "create database",
            self.create_database(binaries, account, &fresh)?,
        )?;
        fs::rename(&fresh, &self.cluster).doing(|| format!("naming {}", self.cluster.display()))?;
        let data = File::open(&self.data).and_then(|folder| folder.sync_all());
        data.doing(|| format!("writing {} to disk", self.data.display()))
    }

    fn initdb(&self, binaries: &Binaries, account: &Account, fresh: &Path) -> Command {
        let mut initdb = account.command(&binaries.initdb(), &self.run);
        // Never the locale C: it knows no letters beyond ASCII, and search would find nothing in Chinese.
        initdb.arg("-D").arg(fresh).args([
            "-U",
            NAME,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]);
        initdb
    }

    /// A single-user server that reads the one statement from a file and ends.
    fn create_database(
        &self,
        binaries: &Binaries,
        account: &Account,
        fresh: &Path,
    ) -> Result<Command, PrivateError> {
        let statement = self.run.join("first.sql");
        let doing = || format!("writing {}", statement.display());
        fs::write(&statement, format!("create database {NAME}\n")).doing(doing)?;
        let input = File::open(&statement).doing(doing)?;
        fs::remove_file(&statement).doing(doing)?;
        let mut single = account.command(&binaries.postgres(), &self.run);
        single
            .arg("--single")
            .arg("-D")
            .arg(fresh)
            .args(["-c", "exit_on_error=on", "postgres"])
            .stdin(input);
        Ok(single)
    }
}

fn run_to_end(program: &'static str, mut command: Command) -> Result<(), PrivateError> {
    end_with_this_thread(&mut command, Signal::KILL);
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .doing(|| format!("running {}", command.get_program().display()))?;
    if status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&[stdout, stderr].concat())
        .trim()
        .to_owned();
    Err(PrivateError::ProgramFailed {
        program,
        status: status.to_string(),
        output,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_no_socket_can_have_is_refused() {
        let fits = format!("/{}", "x".repeat(80));
        assert!(Folders::below(Path::new(&fits)).is_ok());
        let long = format!("/{}", "x".repeat(81));
        assert!(matches!(
            Folders::below(Path::new(&long)),
            Err(PrivateError::PathUnfit { .. })
        ));
    }

    #[test]
    fn a_cluster_without_a_version_is_not_taken_for_a_new_one() {
        let data = tempfile::tempdir().unwrap();
        let folders = Folders::below(data.path()).unwrap();
        assert_eq!(folders.made_by().unwrap(), None);
        fs::create_dir(&folders.cluster).unwrap();
        assert!(matches!(folders.made_by(), Err(PrivateError::Io { .. })));
        fs::write(folders.cluster.join("PG_VERSION"), "15\n").unwrap();
        assert_eq!(folders.made_by().unwrap(), Some(15));
    }
}
