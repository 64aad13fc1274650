//! The 6-digit code that proves a phone or an e-mail address.
//!
//! A million codes are soon tried, so three things guard them: the hash is keyed with a server
//! secret (a stolen table tells nothing), it is bound to the one request it was sent for, and the
//! verb that checks it allows [`TRIES`] tries within minutes (`login.code_minutes`).

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use rand::{CryptoRng, RngExt};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// How often a code may be tried before it is void.
pub const TRIES: u32 = 5;

/// Six digits, sent to a person. `Debug` does not print them.
#[derive(Clone)]
pub struct Code([u8; 6]);

/// The server's secret that code hashes are keyed with.
#[derive(Clone)]
pub struct CodeKey([u8; 32]);

/// What the database keeps of a code.
#[derive(Debug, Clone, Copy)]
pub struct CodeHash(pub [u8; 32]);

/// The text is not exactly six ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has six digits")]
pub struct NotACode;

impl CodeKey {
    /// Wraps 32 secret bytes that every node shares and that outlive a restart.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }
}

impl Code {
    /// Draws one of the million codes, each as likely as the others.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut left: u32 = rng.random_range(0..1_000_000);
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(left % 10).unwrap_or_default();
            left /= 10;
        }
        Self(digits)
    }

    /// Reads what a person typed; surrounding spaces are dropped.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let digits: [u8; 6] = text.trim().as_bytes().try_into().map_err(|_| NotACode)?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(digits))
        } else {
            Err(NotACode)
        }
    }

    /// The six digits, for the message to the person.
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The hash to store for the request that this code was made for.
    pub fn hash(&self, key: &CodeKey, request: Uuid) -> CodeHash {
        CodeHash(self.mac(key, request).finalize().into_bytes().into())
    }

    fn mac(&self, key: &CodeKey, request: Uuid) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.0)
            .expect("HMAC takes a key of any length");
        mac.update(request.as_bytes());
        mac.update(&self.0);
        mac
    }
}

impl CodeHash {
    /// Was it this code, for this request? Takes the same time whatever the answer.
    pub fn matches(&self, code: &Code, key: &CodeKey, request: Uuid) -> bool {
        code.hash(key, request).0.ct_eq(&self.0).into()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(******)")
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_code_is_always_six_digits_and_seldom_the_same() {
        let mut rng = StdRng::seed_from_u64(1);
        let codes: HashSet<String> = (0..2_000)
            .map(|_| Code::generate(&mut rng).reveal().to_owned())
            .collect();
        assert!(codes.iter().all(|code| Code::parse(code).is_ok()));
        assert!(codes.len() > 1_980, "{}", codes.len());
        assert!(
            codes.iter().any(|code| code.starts_with('0')),
            "leading zeros are kept"
        );
        assert!(codes.iter().any(|code| code.starts_with('9')));
    }

    #[test]
    fn the_right_code_passes_and_every_near_one_fails() {
        let (key, request) = (CodeKey::new([7; 32]), Uuid::from_u128(1));
        let hash = Code::parse("042137").unwrap().hash(&key, request);
        assert!(hash.matches(&Code::parse(" 042137 ").unwrap(), &key, request));
        for near in ["042138", "142137", "731240"] {
            assert!(
                !hash.matches(&Code::parse(near).unwrap(), &key, request),
                "{near}"
            );
        }
    }

    #[test]
    fn a_code_of_one_request_is_worthless_for_another_and_under_another_key() {
        let (key, request) = (CodeKey::new([7; 32]), Uuid::from_u128(1));
        let code = Code::parse("042137").unwrap();
        let hash = code.hash(&key, request);
        assert!(!hash.matches(&code, &key, Uuid::from_u128(2)));
        assert!(!hash.matches(&code, &CodeKey::new([8; 32]), request));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "12345",
            "1234567",
            "12345a",
            "１２３４５６",
            "-12345",
            "12 345",
            "12345\u{0}",
        ] {
            assert!(Code::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_hides_code_and_key() {
        let shown = format!(
            "{:?} {:?}",
            Code::parse("042137").unwrap(),
            CodeKey::new([7; 32])
        );
        assert_eq!(shown, "Code(******) CodeKey(…)");
    }
}
