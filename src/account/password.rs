//! Passwords: what is accepted, and how it is kept.
//!
//! Two rules, because two kinds of people: a merchant's password must mix letters, digits and symbols
//! (ACC-04), a customer's must only be long enough and not among the first that an attacker tries.
//! What is kept is an argon2id PHC string with 19 MiB, 2 passes, 1 lane.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use rand::CryptoRng;
use tokio::sync::Semaphore;

/// No password is longer than this many characters, whatever the rule.
const MAX_CHARS: usize = 128;

/// The first guesses of every attacker that the customer's length rule lets through; compared in lower case.
const TOP_LIST: [&str; 40] = [
    "00000000",
    "000000000",
    "11111111",
    "111111111",
    "1111111111",
    "11112222",
    "112233445566",
    "12121212",
    "12341234",
    "12344321",
    "12345678",
    "123456789",
    "1234567890",
    "12345678910",
    "123123123",
    "147258369",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "5201314520",
    "66666666",
    "66668888",
    "87654321",
    "88888888",
    "888888888",
    "987654321",
    "99999999",
    "a1234567",
    "a12345678",
    "a123456789",
    "aa123456",
    "abc12345",
    "abcd1234",
    "admin123",
    "asdfghjkl",
    "iloveyou",
    "password",
    "password1",
    "qwertyuiop",
    "woaini1314",
];

/// A password in the clear, for as long as a request lasts. `Debug` does not print it.
#[derive(Clone)]
pub struct Password(String);

/// One thing that is wrong with a new password; a form shows one sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer characters than the rule wants.
    #[error("fewer than {least} characters")]
    TooShort {
        /// The least number of characters.
        least: usize,
    },
    /// More characters than the rule allows.
    #[error("more than {most} characters")]
    TooLong {
        /// The greatest number of characters.
        most: usize,
    },
    /// No letter of any script.
    #[error("no letter")]
    NoLetter,
    /// No digit 0 to 9.
    #[error("no digit")]
    NoDigit,
    /// Nothing that is neither letter, digit nor space.
    #[error("no special symbol")]
    NoSymbol,
    /// Among the first guesses of every attacker.
    #[error("too common")]
    TooCommon,
    /// A control character: no keyboard types it twice the same way.
    #[error("a control character")]
    ControlCharacter,
}

impl Password {
    /// Accepts a merchant's new password: 8 to 16 characters with a letter, a digit and a special symbol.
    ///
    /// Refuses with everything that is wrong at once, in the order of [`PasswordFault`].
    pub fn for_merchant(text: &str) -> Result<Self, Vec<PasswordFault>> {
        let mut faults = length_faults(text, 8, 16);
        if faults.contains(&PasswordFault::TooLong { most: 16 }) && text.len() > MAX_CHARS * 4 {
            return Err(faults);
        }
        let mut want = |found: bool, fault| {
            if !found {
                faults.push(fault)
            }
        };
        want(
            text.chars().any(char::is_alphabetic),
            PasswordFault::NoLetter,
        );
        want(
            text.chars().any(|c| c.is_ascii_digit()),
            PasswordFault::NoDigit,
        );
        want(text.chars().any(is_symbol), PasswordFault::NoSymbol);
        want(
            !text.chars().any(char::is_control),
            PasswordFault::ControlCharacter,
        );
        Self::unless(faults, text)
    }

    /// Accepts a customer's new password: 8 to 128 characters, not in the top list.
    pub fn for_customer(text: &str) -> Result<Self, Vec<PasswordFault>> {
        let mut faults = length_faults(text, 8, MAX_CHARS);
        if text.len() <= MAX_CHARS * 4 {
            if TOP_LIST.contains(&text.to_lowercase().as_str()) {
                faults.push(PasswordFault::TooCommon);
            }
            if text.chars().any(char::is_control) {
                faults.push(PasswordFault::ControlCharacter);
            }
        }
        Self::unless(faults, text)
    }

    /// Takes a password offered at login: any rule was kept when it was set, so only its size is bounded.
    pub fn offered(text: &str) -> Option<Self> {
        let sane = !text.is_empty() && text.len() <= MAX_CHARS * 4;
        sane.then(|| Self(text.to_owned()))
    }

    fn unless(faults: Vec<PasswordFault>, text: &str) -> Result<Self, Vec<PasswordFault>> {
        if faults.is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(faults)
        }
    }
}

/// Counts no further than it must: a megabyte of password is refused as fast as a line of it.
fn length_faults(text: &str, least: usize, most: usize) -> Vec<PasswordFault> {
    match text.chars().take(most + 1).count() {
        n if n < least => vec![PasswordFault::TooShort { least }],
        n if n > most => vec![PasswordFault::TooLong { most }],
        _ => Vec::new(),
    }
}

fn is_symbol(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}

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
                argon2id().hash_password_with_salt(password.0.as_bytes(), &salt.0)?;
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
    match argon2id().verify_password(password.0.as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(broken) => Err(broken.into()),
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::PasswordFault::*;
    use super::*;

    fn merchant_faults(text: &str) -> Vec<PasswordFault> {
        Password::for_merchant(text).err().unwrap_or_default()
    }

    #[test]
    fn a_merchant_password_of_8_and_of_16_is_accepted() {
        for text in [
            "abcde1!x",
            "Abcdefgh1234567#",
            "密码密码密码1！",
            "pass w0rd?",
            "aA1~aA1~",
        ] {
            assert_eq!(merchant_faults(text), [], "{text}");
        }
    }

    #[test]
    fn each_missing_thing_is_its_own_fault() {
        let table: [(&str, &[PasswordFault]); 10] = [
            ("abcd1!x", &[TooShort { least: 8 }]),
            ("Abcdefgh12345678#", &[TooLong { most: 16 }]),
            ("12345678!", &[NoLetter]),
            ("abcdefgh!", &[NoDigit]),
            ("abcdefg1", &[NoSymbol]),
            ("abcdefg 1", &[NoSymbol]),
            ("abcdefgh", &[NoDigit, NoSymbol]),
            ("１２３４５６７８", &[NoLetter, NoDigit, NoSymbol]),
            ("", &[TooShort { least: 8 }, NoLetter, NoDigit, NoSymbol]),
            ("abcde1!x\n", &[ControlCharacter]),
        ];
        for (text, faults) in table {
            assert_eq!(merchant_faults(text), faults, "{text:?}");
        }
    }

    #[test]
    fn a_customer_password_is_long_enough_and_not_common() {
        let faults = |text: &str| Password::for_customer(text).err().unwrap_or_default();
        assert_eq!(faults("correct horse battery staple"), []);
        assert_eq!(faults(&"长".repeat(128)), []);
        assert_eq!(faults("short77"), [TooShort { least: 8 }]);
        assert_eq!(faults(&"x".repeat(129)), [TooLong { most: 128 }]);
        assert_eq!(faults("PassWord"), [TooCommon]);
        assert_eq!(faults("12345678"), [TooCommon]);
        assert_eq!(faults("aaaabbbb\u{7f}"), [ControlCharacter]);
    }

    #[test]
    fn the_top_list_holds_only_what_the_length_rule_would_let_through() {
        assert!(
            TOP_LIST
                .iter()
                .all(|common| common.len() >= 8 && *common == common.to_lowercase())
        );
    }

    #[test]
    fn a_megabyte_of_password_is_refused_everywhere() {
        let long = "x1!".repeat(350_000);
        assert_eq!(merchant_faults(&long), [TooLong { most: 16 }]);
        assert!(Password::for_customer(&long).is_err());
        assert!(Password::offered(&long).is_none());
        assert!(Password::offered("").is_none());
    }

    #[test]
    fn debug_never_prints_a_password() {
        assert_eq!(
            format!("{:?}", Password::offered("hunter42!").unwrap()),
            "Password(…)"
        );
    }

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
        let first = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(move || Ok(blocked.recv().is_ok())).await }
        });
        let second = tokio::spawn({
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
        let caller = tokio::spawn({
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
