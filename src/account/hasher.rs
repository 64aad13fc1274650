//! How passwords are kept: as argon2id PHC strings with 19 MiB, 2 passes, 1 lane.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use rand::CryptoRng;
use tokio::sync::Semaphore;

use super::password::Password;

/// 16 random bytes that make two hashes of one password differ.
#[derive(Debug, Clone, Copy)]
pub struct Salt([u8; 16]);

impl Salt {
    /// Makes a new salt from the chance that is handed in.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        Self(salt)
    }
}

/// Why no hash was computed.
#[derive(Debug, thiserror::Error)]
pub enum HashingFault {
    /// Too many people wait already; come back in a second.
    #[error("too many passwords are being checked")]
    Busy,
    /// The stored text is no argon2 PHC string, or the hashing itself failed.
    #[error("password hashing failed")]
    Broken(#[from] argon2::password_hash::Error),
    /// The stored text is no PHC string.
    #[error("the stored password is no PHC string")]
    Stored(#[from] argon2::password_hash::phc::Error),
    /// The hashing thread is gone: the server is shutting down.
    #[error("password hashing was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Hashes and verifies passwords away from the sockets' threads, a bounded number at once.
///
/// Each hash holds 19 MiB and a core for some 20 to 50 ms. So `at_once` run, `waiting` more may queue,
/// and the next is refused as [`HashingFault::Busy`]: a flood of logins cannot slow the chat or fill
/// the memory. Cheap to clone; clones share the bounds.
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    room: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl PasswordHasher {
    /// A hasher that runs `at_once` hashes (at least one) and lets `waiting` more queue.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            room: Arc::new(Semaphore::new(at_once + waiting)),
            places: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// The PHC string to store: `$argon2id$v=19$m=19456,t=2,p=1$…`.
    pub async fn hash(&self, password: Password, salt: Salt) -> Result<String, HashingFault> {
        self.run(move || {
            let hash: PasswordHash =
                argon2id().hash_password_with_salt(password.as_bytes(), &salt.0)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Is this the password whose PHC string was stored?
    ///
    /// With nothing stored (nobody has that number) the same work is done and the answer is no, so
    /// that the time taken does not tell who has an account.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, HashingFault> {
        self.run(move || match stored {
            Some(stored) => matches(&password, &stored),
            None => matches(&password, DECOY).map(|_| false),
        })
        .await
    }

    /// The permits live in the closure: a caller who goes away does not free a place that is still in use.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashingFault> + Send + 'static,
    ) -> Result<T, HashingFault> {
        let room = Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| HashingFault::Busy)?;
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| HashingFault::Busy)?;
        tokio::task::spawn_blocking(move || {
            let _held = (room, place);
            work()
        })
        .await?
    }
}

/// A hash of nothing anybody types, with today's parameters.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c291ay1kZWNveS1zYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn matches(password: &Password, stored: &str) -> Result<bool, HashingFault> {
    let stored = PasswordHash::new(stored)?;
    match argon2id().verify_password(password.as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(broken) => Err(broken.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Shutdown;

    #[tokio::test]
    async fn the_right_password_opens_and_a_wrong_one_does_not() {
        let hasher = PasswordHasher::new(1, 8);
        let password = Password::for_merchant("abcde1!x").unwrap();
        let stored = hasher.hash(password.clone(), Salt([1; 16])).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert!(
            hasher
                .verify(password.clone(), Some(stored.clone()))
                .await
                .unwrap()
        );
        let wrong = Password::offered("abcde1!X").unwrap();
        assert!(!hasher.verify(wrong, Some(stored)).await.unwrap());
        assert!(
            !hasher.verify(password.clone(), None).await.unwrap(),
            "nobody has that number"
        );
        let broken = hasher.verify(password, Some("plain".into())).await;
        assert!(matches!(broken, Err(HashingFault::Stored(_))), "{broken:?}");
    }

    #[tokio::test]
    async fn two_salts_give_two_hashes() {
        let hasher = PasswordHasher::new(2, 8);
        let password = Password::offered("abcde1!x").unwrap();
        let one = hasher.hash(password.clone(), Salt([1; 16])).await.unwrap();
        let two = hasher.hash(password, Salt([2; 16])).await.unwrap();
        assert_ne!(one, two);
    }

    #[tokio::test]
    async fn beyond_the_bound_a_caller_is_told_to_come_back() {
        let hasher = PasswordHasher::new(1, 1);
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let first = Shutdown::default().spawn({
            let hasher = hasher.clone();
            async move { hasher.run(move || Ok(blocked.recv().is_ok())).await }
        });
        let second = Shutdown::default().spawn({
            let hasher = hasher.clone();
            async move { hasher.run(|| Ok(true)).await }
        });
        while hasher.room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let third = hasher.run(|| Ok(true)).await;
        assert!(matches!(third, Err(HashingFault::Busy)), "{third:?}");
        release.send(()).unwrap();
        assert!(first.await.unwrap().unwrap() && second.await.unwrap().unwrap());
        assert!(
            hasher.run(|| Ok(true)).await.unwrap(),
            "the places are given back"
        );
    }

    #[tokio::test]
    async fn a_caller_who_leaves_keeps_the_place_until_the_work_is_done() {
        let hasher = PasswordHasher::new(1, 0);
        let (started, has_started) = tokio::sync::oneshot::channel();
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let (ended, has_ended) = tokio::sync::oneshot::channel();
        let caller = Shutdown::default().spawn({
            let hasher = hasher.clone();
            async move {
                hasher
                    .run(move || {
                        let _ = started.send(());
                        let _ = blocked.recv();
                        let _ = ended.send(());
                        Ok(())
                    })
                    .await
            }
        });
        has_started.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert!(matches!(
            hasher.run(|| Ok(())).await,
            Err(HashingFault::Busy)
        ));
        release.send(()).unwrap();
        has_ended.await.unwrap();
    }
}
