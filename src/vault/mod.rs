//! Secrets that have to be read again (to sign with, to verify by) lie in the database sealed: AES-256-GCM under a key
//! that is not in the database. A seal names its key, so that keys can be changed, and is bound to the row that it
//! lies in: in another row it does not open.

mod key;
pub mod renew;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ED25519, UnparsedPublicKey};

use self::key::Key;
use crate::config::Config;

/// The first word of every seal: the format. Nothing that was kept in the clear begins so.
const FORMAT: &str = "v1.";

/// Seals with the key of the settings, opens what that one or a former one has sealed. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    current: Arc<Key>,
    former: Arc<[Key]>,
}

/// It was not sealed for this row, it was changed, or its key is not among the settings.
#[derive(Debug, thiserror::Error)]
#[error(
    "the secret of {row} cannot be opened: it was sealed with another key (name that one in `security.former_secrets_keys`) \
     or does not belong there"
)]
pub struct Unsealable {
    row: String,
}

impl Vault {
    /// Takes the keys of the settings, or the one in the data folder, which is made if there is none.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let security = &config.security;
        let current = match &security.secrets_key[..] {
            "" => Key::of_folder(config.server.data.as_ref())?,
            text => Key::parse(text)?,
        };
        let former = security.former_secrets_keys.iter();
        Ok(Self {
            current: Arc::new(current),
            former: former
                .map(|text| Key::parse(text))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Seals a secret for the row that it will lie in (`table/id`).
    pub fn seal(&self, row: &str, secret: &str) -> String {
        let sealed = URL_SAFE_NO_PAD.encode(self.current.seal(row, secret.as_bytes()));
        format!("{}{sealed}", self.mark())
    }

    /// The secret of this row.
    pub fn unseal(&self, row: &str, sealed: &str) -> Result<String, Unsealable> {
        let opened = sealed.strip_prefix(FORMAT).and_then(|rest| {
            let (name, sealed) = rest.split_once('.')?;
            let mut keys = std::iter::once(&*self.current).chain(&*self.former);
            let key = keys.find(|key| key.name() == name)?;
            key.open(row, URL_SAFE_NO_PAD.decode(sealed).ok()?)
        });
        let secret = opened.and_then(|secret| String::from_utf8(secret).ok());
        secret.ok_or_else(|| Unsealable {
            row: row.to_owned(),
        })
    }

    /// What lies in the row, sealed with the current key, whether it was sealed with a former one or (before there were
    /// seals) not at all.
    pub fn renew(&self, row: &str, kept: &str) -> Result<String, Unsealable> {
        if kept.starts_with(&self.mark()) {
            return self.unseal(row, kept).map(|_| kept.to_owned());
        }
        if kept.starts_with(FORMAT) {
            return self.unseal(row, kept).map(|secret| self.seal(row, &secret));
        }
        Ok(self.seal(row, kept))
    }

    /// The public key (Ed25519) that evidence is signed with, and its signature of these bytes.
    pub fn sign(&self, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        self.current.sign(bytes)
    }

    /// The index of a text among others of its kind (`table.column`): 16 bytes, alike for alike texts, computable by nobody who has
    /// only the database.
    pub fn index(&self, of: &str, text: &str) -> Vec<u8> {
        self.current.index(of, text)
    }

    /// The indexes that a text may lie under: of the current key, and of former ones.
    pub fn indexes(&self, of: &str, text: &str) -> Vec<Vec<u8>> {
        let keys = std::iter::once(&*self.current).chain(&*self.former);
        keys.map(|key| key.index(of, text)).collect()
    }

    /// How everything begins that the current key has sealed.
    pub fn mark(&self) -> String {
        format!("{FORMAT}{}.", self.current.name())
    }
}

/// Was this signed by the owner of that public key?
pub fn signed_by(public_key: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    key.verify(bytes, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn vault(current: u8, former: &[u8]) -> Vault {
        let key = |number: u8| STANDARD.encode([number; 32]);
        let mut config = Config::default();
        config.security.secrets_key = key(current);
        config.security.former_secrets_keys = former.iter().copied().map(key).collect();
        Vault::open(&config).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_row_only() {
        let (vault, sealed) = (vault(1, &[]), vault(1, &[]).seal("endpoints/1", SECRET));
        assert_eq!(vault.unseal("endpoints/1", &sealed).unwrap(), SECRET);
        assert!(vault.unseal("endpoints/2", &sealed).is_err());
        assert!(vault.unseal("keys/1", &sealed).is_err());
    }

    #[test]
    fn a_seal_hides_the_secret_and_is_never_the_same_twice() {
        let vault = vault(1, &[]);
        let (one, two) = (vault.seal("r", SECRET), vault.seal("r", SECRET));
        assert!(!one.contains(&SECRET[6..]) && one.starts_with("v1."));
        assert_ne!(one, two);
    }

    #[test]
    fn whatever_is_changed_in_a_seal_closes_it() {
        let (vault, sealed) = (vault(1, &[]), vault(1, &[]).seal("r", SECRET));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(vault.unseal("r", &changed).is_err(), "{at}");
            assert!(vault.unseal("r", &sealed[..at]).is_err(), "{at}");
        }
        assert!(vault.unseal("r", SECRET).is_err(), "plain is not sealed");
    }

    #[test]
    fn a_former_key_opens_and_renewing_takes_the_current_one() {
        let old = vault(1, &[]).seal("r", SECRET);
        assert!(vault(2, &[]).unseal("r", &old).is_err());
        assert!(vault(2, &[]).renew("r", &old).is_err());
        let both = vault(2, &[1]);
        assert_eq!(both.unseal("r", &old).unwrap(), SECRET);
        let new = both.renew("r", &old).unwrap();
        assert_eq!(vault(2, &[]).unseal("r", &new).unwrap(), SECRET);
        assert_eq!(both.renew("r", &new).unwrap(), new);
        assert_eq!(
            both.unseal("r", &both.renew("r", SECRET).unwrap()).unwrap(),
            SECRET
        );
        assert!(both.renew("other", &new).is_err());
    }
}
