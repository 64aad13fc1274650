//! What WeChat Pay seals in its notices: AES-256-GCM under the APIv3 key, which the merchant chose and both know.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// Opens what was sealed for us. It is never printed.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    /// Nothing unless the key has 32 bytes.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM, key).ok()?;
        Some(Self(LessSafeKey::new(key)))
    }

    /// What lies in `sealed` (base64), if all of it is as it was sealed.
    pub(super) fn open(&self, nonce: &[u8], about: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = STANDARD.decode(sealed).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::from(about), &mut bytes);
        opened.ok().map(|opened| opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        pairs.map(|pair| byte(pair).unwrap()).collect()
    }

    // Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation".
    const KEY: &str = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    const NONCE: &str = "cafebabefacedbaddecaf888";
    const ABOUT: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    const PLAIN: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                         1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
    const SEALED: &str = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                          8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
                          76fc6ece0f4e1768cddf8853bb2d551b";

    /// PAY-01: the published example opens, and nothing that differs from it in a bit.
    #[test]
    fn the_published_example_opens_and_nothing_else_does() {
        let seal = Seal::new(&bytes(KEY)).unwrap();
        let (nonce, about, sealed) = (bytes(NONCE), bytes(ABOUT), bytes(SEALED));
        let open = |sealed: &[u8]| seal.open(&nonce, &about, &STANDARD.encode(sealed));
        assert_eq!(open(&sealed), Some(bytes(PLAIN)));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed), None, "{at}");
            assert_eq!(open(&sealed[..at]), None, "{at}");
        }
        let text = STANDARD.encode(&sealed);
        assert_eq!(seal.open(&nonce[1..], &about, &text), None);
        assert_eq!(seal.open(&nonce, &about[1..], &text), None);
        assert_eq!(seal.open(&nonce, &about, "!"), None);
    }

    /// PAY-01: a key that is too short stops the start.
    #[test]
    fn only_32_bytes_are_a_key() {
        for length in [0, 16, 31, 33] {
            assert!(Seal::new(&vec![b'k'; length]).is_none(), "{length}");
        }
    }
}
