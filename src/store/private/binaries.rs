//! Finds Postgres's server programs on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::error::PrivateError;

/// The oldest major version our migrations run on (`unique nulls not distinct`).
pub(super) const OLDEST: u32 = 15;

/// A folder with `initdb` and `postgres` of one major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    major: u32,
}

impl Binaries {
    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn major(&self) -> u32 {
        self.major
    }

    fn in_folder(dir: &Path, major: impl FnOnce(&Path) -> Option<u32>) -> Option<Self> {
        let complete =
            dir.is_absolute() && ["initdb", "postgres"].iter().all(|p| dir.join(p).is_file());
        if !complete {
            return None;
        }
        Some(Self {
            dir: dir.into(),
            major: major(dir)?,
        })
    }
}

/// Where to look, best place first.
#[derive(Debug)]
pub(super) struct Search<'a> {
    /// The folder the operator named; then no other is looked at.
    pub(super) named: Option<&'a Path>,
    /// Debian's folder of versions: `<here>/15/bin`.
    pub(super) versioned: &'a Path,
    /// Where the shell finds `postgres`.
    pub(super) on_path: Option<PathBuf>,
}

impl Search<'_> {
    /// The programs for a new cluster (`made_by` is none: the newest), or exactly those of the major version
    /// that made the existing one.
    pub(super) fn choose(
        &self,
        cluster: &Path,
        made_by: Option<u32>,
    ) -> Result<Binaries, PrivateError> {
        let found = self.found()?;
        match made_by {
            Some(wanted) => exactly(found, wanted, cluster),
            None => newest_place_first(found),
        }
    }

    fn found(&self) -> Result<Vec<Binaries>, PrivateError> {
        if let Some(dir) = self.named {
            let wrong = || PrivateError::BinDirWrong { dir: dir.into() };
            return Binaries::in_folder(dir, ask_version)
                .map(|one| vec![one])
                .ok_or_else(wrong);
        }
        let mut found = debian(self.versioned);
        let on_path = self.on_path.as_deref();
        found.extend(on_path.and_then(|dir| Binaries::in_folder(dir, ask_version)));
        if found.is_empty() {
            let looked_in = format!("{}/*/bin and PATH", self.versioned.display());
            return Err(PrivateError::ProgramsMissing { looked_in });
        }
        Ok(found)
    }
}

fn newest_place_first(found: Vec<Binaries>) -> Result<Binaries, PrivateError> {
    let newest = found.iter().map(Binaries::major).max().unwrap_or_default();
    let too_old = PrivateError::TooOld {
        newest,
        oldest: OLDEST,
    };
    found.into_iter().find(|b| b.major >= OLDEST).ok_or(too_old)
}

fn exactly(found: Vec<Binaries>, wanted: u32, cluster: &Path) -> Result<Binaries, PrivateError> {
    let majors: Vec<_> = found.iter().map(|b| b.major.to_string()).collect();
    let missing = PrivateError::VersionMissing {
        cluster: cluster.into(),
        wanted,
        found: majors.join(", "),
    };
    found.into_iter().find(|b| b.major == wanted).ok_or(missing)
}

/// Debian's versioned folders, highest major first.
fn debian(versioned: &Path) -> Vec<Binaries> {
    let Ok(entries) = fs::read_dir(versioned) else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            Binaries::in_folder(&entry.path().join("bin"), |_| Some(major))
        })
        .collect();
    found.sort_by_key(|b| std::cmp::Reverse(b.major));
    found
}

/// The folder on `PATH` that has `postgres`, as the shell sees it.
pub(super) fn on_path() -> Option<PathBuf> {
    let answer = Command::new("sh")
        .args(["-c", "command -v postgres"])
        .output()
        .ok()?;
    let found = String::from_utf8(answer.stdout).ok()?;
    Path::new(found.trim_end()).parent().map(Path::to_owned)
}

fn ask_version(dir: &Path) -> Option<u32> {
    let answer = Command::new(dir.join("postgres"))
        .arg("--version")
        .env_clear()
        .output()
        .ok()?;
    major_in(&String::from_utf8_lossy(&answer.stdout))
}

/// The major version in `postgres (Postgres) 15.18 (Debian 15.18-0+deb12u1)`, also of betas (`19beta2`).
fn major_in(answer: &str) -> Option<u32> {
    let version = answer.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits = version
        .find(|c: char| !c.is_ascii_digit())
        .map_or(version, |end| &version[..end]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn install(dir: &Path, major: u32) {
        fs::create_dir_all(dir).unwrap();
        let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {major}.3 (Debian)'\n");
        for program in ["initdb", "postgres"] {
            // By `cp`, since a file that another thread's fork still holds open for writing cannot be run.
            let draft = dir.join("draft");
            fs::write(&draft, &script).unwrap();
            fs::set_permissions(&draft, PermissionsExt::from_mode(0o755)).unwrap();
            let copied = Command::new("cp")
                .arg(&draft)
                .arg(dir.join(program))
                .status()
                .unwrap();
            assert!(copied.success());
        }
    }

    fn search<'a>(named: Option<&'a Path>, versioned: &'a Path, path: &Path) -> Search<'a> {
        Search {
            named,
            versioned,
            on_path: Some(path.into()),
        }
    }

    fn chosen(search: &Search<'_>, made_by: Option<u32>) -> (PathBuf, u32) {
        let found = search.choose(Path::new("/cluster"), made_by).unwrap();
        (found.dir, found.major)
    }

    fn refusal(search: &Search<'_>, made_by: Option<u32>) -> PrivateError {
        search.choose(Path::new("/cluster"), made_by).unwrap_err()
    }

    #[test]
    fn the_highest_debian_version_is_taken_by_number() {
        let root = tempfile::tempdir().unwrap();
        for major in [9, 15, 18] {
            install(&root.path().join(major.to_string()).join("bin"), major);
        }
        fs::create_dir_all(root.path().join("19/bin")).unwrap();
        let empty = root.path().join("nowhere");
        let search = search(None, root.path(), &empty);
        assert_eq!(chosen(&search, None), (root.path().join("18/bin"), 18));
    }

    #[test]
    fn an_existing_cluster_takes_exactly_its_own_version() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("15/bin"), 15);
        install(&root.path().join("18/bin"), 18);
        let on_path = root.path().join("elsewhere");
        install(&on_path, 17);
        let search = search(None, root.path(), &on_path);
        assert_eq!(chosen(&search, Some(15)), (root.path().join("15/bin"), 15));
        assert_eq!(chosen(&search, Some(17)), (on_path.clone(), 17));
        let refused = refusal(&search, Some(16));
        assert!(
            matches!(&refused, PrivateError::VersionMissing { wanted: 16, found, .. } if found == "18, 15, 17")
        );
        assert!(refused.to_string().contains("`postgresql-16`"));
    }

    #[test]
    fn a_named_folder_is_the_only_one_looked_at() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("18/bin"), 18);
        let named = root.path().join("mine");
        install(&named, 16);
        let empty = root.path().join("nowhere");
        let pick = search(Some(&named), root.path(), &empty);
        assert_eq!(chosen(&pick, None), (named.clone(), 16));
        assert!(matches!(
            refusal(&pick, Some(18)),
            PrivateError::VersionMissing { .. }
        ));
        let pick = search(Some(&empty), root.path(), &empty);
        assert!(matches!(
            refusal(&pick, None),
            PrivateError::BinDirWrong { .. }
        ));
    }

    #[test]
    fn without_programs_the_package_is_named() {
        let root = tempfile::tempdir().unwrap();
        let empty = root.path().join("nowhere");
        let refused = refusal(&search(None, &empty, &empty), None);
        assert!(refused.programs_missing());
        assert!(refused.to_string().contains("apt-get install postgresql"));
    }

    #[test]
    fn versions_too_old_for_our_tables_are_refused() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("14/bin"), 14);
        let empty = root.path().join("nowhere");
        let refused = refusal(&search(None, root.path(), &empty), None);
        assert!(matches!(
            refused,
            PrivateError::TooOld {
                newest: 14,
                oldest: OLDEST
            }
        ));
    }

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(
            major_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major_in("postgres (PostgreSQL) 19beta2"), Some(19));
        assert_eq!(major_in("postgres (PostgreSQL) 16"), Some(16));
        assert_eq!(major_in("postgres (EvilSQL) 16.1"), None);
        assert_eq!(major_in(""), None);
    }
}
