//! Who the database runs as: we ourselves, or, since Postgres refuses root, somebody with fewer rights.

use std::{
    fs, io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, lchown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::process::{Signal, getegid, geteuid, getpid, getppid, set_parent_process_death_signal};

use super::error::{Doing, PrivateError};

/// The user the database's programs run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
    /// We are root and put its rights down before the program starts.
    step_down: bool,
}

impl Account {
    /// Who shall run the cluster: its owner if it exists, else us, else (we are root) `postgres` or `nobody`.
    pub(super) fn of(cluster: &Path) -> Result<Self, PrivateError> {
        let we_are_root = geteuid().is_root();
        if let Ok(meta) = fs::metadata(cluster) {
            return Self::owner(cluster, &meta, we_are_root);
        }
        if !we_are_root {
            return Ok(Self::ourselves());
        }
        let users = fs::read_to_string("/etc/passwd").doing(|| "reading /etc/passwd".into())?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| in_passwd(&users, name))
            .ok_or(PrivateError::NoAccount)
    }

    fn ourselves() -> Self {
        let uid = geteuid().as_raw();
        Self {
            name: format!("#{uid}"),
            uid,
            gid: getegid().as_raw(),
            step_down: false,
        }
    }

    fn owner(cluster: &Path, meta: &fs::Metadata, we_are_root: bool) -> Result<Self, PrivateError> {
        let (uid, gid) = (meta.uid(), meta.gid());
        match (we_are_root, uid) {
            (true, 1..) => Ok(Self {
                name: format!("#{uid}"),
                uid,
                gid,
                step_down: true,
            }),
            (false, _) if uid == geteuid().as_raw() => Ok(Self::ourselves()),
            _ => Err(PrivateError::NotOwner {
                cluster: cluster.into(),
                owner: uid,
            }),
        }
    }

    /// A command that runs as this user, with nothing of our environment, in the folder `home`.
    pub(super) fn command(&self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir(home)
            .stdin(Stdio::null());
        if self.step_down {
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// Makes a folder that only this user (and root) may enter. It may exist already.
    pub(super) fn make_private(&self, folder: &Path) -> Result<(), PrivateError> {
        let doing = || format!("making the folder {} for the database", folder.display());
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.doing(doing)?,
        }
        if self.step_down {
            lchown(folder, Some(self.uid), Some(self.gid)).doing(doing)?;
        }
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .doing(doing)
    }

    /// Gives a file to this user.
    pub(super) fn give(&self, file: &Path) -> io::Result<()> {
        if self.step_down {
            lchown(file, Some(self.uid), Some(self.gid))
        } else {
            Ok(())
        }
    }

    /// Refuses unless this user can get to `folder` and run `program`: tried out, since access lists and
    /// mount options decide as well as modes do.
    pub(super) fn check_reach(&self, program: &Path, folder: &Path) -> Result<(), PrivateError> {
        let tried = self.command(program, folder).arg("--version").output();
        match tried {
            Ok(answer) if answer.status.success() => Ok(()),
            Ok(answer) => Err(PrivateError::ProgramFailed {
                program: "postgres --version",
                status: answer.status.to_string(),
                output: String::from_utf8_lossy(&answer.stderr).trim().into(),
            }),
            Err(source) => Err(self.why_unreachable(source, program, folder)),
        }
    }

    fn why_unreachable(&self, source: io::Error, program: &Path, folder: &Path) -> PrivateError {
        let closed = [folder, program]
            .into_iter()
            .find_map(|path| self.closed_on_the_way_to(path));
        match closed {
            Some(folder) if source.kind() == io::ErrorKind::PermissionDenied => {
                PrivateError::Closed {
                    folder,
                    account: self.name.clone(),
                }
            }
            _ => PrivateError::Io {
                doing: format!("running {} in {}", program.display(), folder.display()),
                source,
            },
        }
    }

    fn closed_on_the_way_to(&self, path: &Path) -> Option<PathBuf> {
        let mut way: Vec<_> = path.ancestors().filter(|p| p.is_dir()).collect();
        way.reverse();
        way.into_iter()
            .find(|folder| !self.may_enter(folder))
            .map(Path::to_owned)
    }

    fn may_enter(&self, folder: &Path) -> bool {
        fs::metadata(folder).is_ok_and(|meta| {
            let bit = match () {
                () if meta.uid() == self.uid => 0o100,
                () if meta.gid() == self.gid => 0o010,
                () => 0o001,
            };
            meta.mode() & bit != 0
        })
    }
}

/// The line of `/etc/passwd` for one name: `name:password:uid:gid:…`.
fn in_passwd(users: &str, name: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account {
            name: name.into(),
            uid,
            gid,
            step_down: true,
        })
    })
}

/// Has the kernel send `signal` to the program when the thread that starts it ends, however it ends.
///
/// The thread, not the process: whoever starts a program so must stay until it is gone.
#[expect(
    unsafe_code,
    reason = "the only way to set this in the child is `pre_exec`, which is unsafe by its signature"
)]
pub(super) fn end_with_this_thread(command: &mut Command, signal: Signal) {
    let parent = getpid();
    let ask_the_kernel = move || {
        set_parent_process_death_signal(Some(signal))?;
        // We may have died between fork and here; then nobody would ever send the signal.
        if getppid() == Some(parent) {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    };
    // SAFETY: the closure runs between fork and exec. It makes two system calls without libc state,
    // takes no lock and allocates nothing. It runs after the change of user, which would undo it.
    unsafe { command.pre_exec(ask_the_kernel) };
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/bash\n\
        postgresql:x:7:8::/:/bin/sh\n\
        broken:x:seven\n\
        postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let found = in_passwd(USERS, "postgres").unwrap();
        assert_eq!((found.uid, found.gid, found.step_down), (101, 104, true));
    }

    #[test]
    fn nobody_is_made_up_and_root_is_never_taken() {
        assert_eq!(in_passwd(USERS, "nobody"), None);
        assert_eq!(in_passwd(USERS, "broken"), None);
        assert_eq!(in_passwd(USERS, "root"), None);
    }

    #[test]
    fn the_first_closed_folder_is_named() {
        let tree = tempfile::tempdir().unwrap();
        let closed = tree.path().join("closed");
        fs::create_dir_all(closed.join("deep")).unwrap();
        for (folder, mode) in [(tree.path(), 0o711), (closed.as_path(), 0o700)] {
            fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(mode))
                .unwrap();
        }
        let stranger = Account {
            name: "x".into(),
            uid: 4_000_001,
            gid: 4_000_001,
            step_down: true,
        };
        assert_eq!(
            stranger.closed_on_the_way_to(&closed.join("deep")),
            Some(closed)
        );
        assert_eq!(stranger.closed_on_the_way_to(tree.path()), None);
    }
}
