//! A key of the vault: 32 bytes, from the settings or from a file that only we may read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use sha2::{Digest as _, Sha256};

/// A key of its own for each purpose: what seals neither signs nor indexes.
fn derived(purpose: &[u8], bytes: &[u8]) -> [u8; 32] {
    let digest = Sha256::new().chain_update(purpose).chain_update(bytes);
    digest.finalize().into()
}

/// In the data folder.
const FILE: &str = "secrets.key";

/// One key, and the name by which seals know it.
pub(super) struct Key {
    name: String,
    aead: LessSafeKey,
    index: hmac::Key,
    evidence: Ed25519KeyPair,
}

impl Key {
    /// Reads base64 of 32 bytes.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
        let Ok(key) = UnboundKey::new(&AES_256_GCM, &bytes) else {
            bail!(
                "a key of `security.secrets_key` or `security.former_secrets_keys` is not 32 bytes in base64; \
                 `openssl rand -base64 32` makes one"
            );
        };
        let digest = Sha256::new()
            .chain_update(b"souk: name of a secrets key")
            .chain_update(&bytes)
            .finalize();
        let name = digest[..4].iter().map(|byte| format!("{byte:02x}"));
        Ok(Self {
            name: name.collect(),
            aead: LessSafeKey::new(key),
            index: hmac::Key::new(hmac::HMAC_SHA256, &derived(b"souk: index key", &bytes)),
            evidence: Ed25519KeyPair::from_seed_unchecked(&derived(b"souk: evidence key", &bytes))
                .expect("a seed has 32 bytes"),
        })
    }

    /// The key of this data folder, which is made at the first start. Two servers that start at once get the same one.
    pub(super) fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(FILE);
        if !file.exists() {
            lay_down(&file).with_context(|| format!("cannot write {}", file.display()))?;
        }
        let said = || format!("cannot read {}", file.display());
        let mode = fs::metadata(&file).with_context(said)?.permissions().mode();
        ensure!(
            mode % 0o100 == 0,
            "{} can be read by others: chmod 600 it, or make a new key",
            file.display()
        );
        let text = fs::read_to_string(&file).with_context(said)?;
        Self::parse(&text).with_context(|| format!("{} holds no key", file.display()))
    }

    /// Not the key: eight letters by which a seal says which key it wants.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The public key for evidence, and its signature of these bytes.
    pub(super) fn sign(&self, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let public = self.evidence.public_key().as_ref().to_vec();
        (public, self.evidence.sign(bytes).as_ref().to_vec())
    }

    /// The same text has the same index, which nobody without the key can compute: a column of them can be searched.
    pub(super) fn index(&self, of: &str, text: &str) -> Vec<u8> {
        let mut mac = hmac::Context::with_key(&self.index);
        mac.update(of.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.sign().as_ref()[..16].to_vec()
    }

    /// Nonce, sealed bytes and tag. The nonce is drawn by chance: 96 bits are enough for the few secrets there are.
    pub(super) fn seal(&self, row: &str, secret: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = secret.to_vec();
        self.aead
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(row),
                &mut sealed,
            )
            .expect("a secret is far shorter than 64 GiB");
        [&nonce[..], &sealed].concat()
    }

    /// What was sealed for this row; nothing if anything is wrong.
    pub(super) fn open(&self, row: &str, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk_mut::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let secret = self
            .aead
            .open_in_place(nonce, Aad::from(row), sealed)
            .ok()?;
        Some(secret.to_vec())
    }
}

/// Writes a new key beside the file, safely on disk, then gives it its name, unless somebody was faster.
fn lay_down(file: &Path) -> io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let draft = draft_of(file);
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let key = STANDARD.encode(rand::random::<[u8; 32]>());
    writeln!(out, "{key}").and_then(|()| out.sync_all())?;
    let named = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match named {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn draft_of(file: &Path) -> PathBuf {
    file.with_extension(format!("{:016x}", rand::random::<u64>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_key_and_no_other_user_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let names: Vec<String> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Key::of_folder(&data).unwrap().name))
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().unwrap())
                .collect()
        });
        assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
        let left: Vec<_> = fs::read_dir(&data).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        let mode = fs::metadata(data.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Key::of_folder(folder.path()).unwrap();
        let file = folder.path().join(FILE);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Key::of_folder(folder.path()).is_err());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Key::of_folder(folder.path()).is_ok());
        fs::write(&file, "").unwrap();
        assert!(Key::of_folder(folder.path()).is_err());
    }

    #[test]
    fn only_32_bytes_are_a_key() {
        for text in [
            "",
            "short",
            &STANDARD.encode([1; 31]),
            &STANDARD.encode([1; 33]),
        ] {
            assert!(Key::parse(text).is_err(), "{text}");
        }
        assert!(Key::parse(&format!(" {}\n", STANDARD.encode([1; 32]))).is_ok());
    }
}
