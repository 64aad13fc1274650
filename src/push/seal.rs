//! Encrypts what one browser alone can read: RFC 8291 over the coding `aes128gcm` of RFC 8188, in one record.

use anyhow::{anyhow, ensure};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    rand::SystemRandom,
};

/// Bytes that a push service must take are 4,096; the rest is the head, the mark of the end, and the tag.
const LONGEST: usize = 4_096 - HEAD - 1 - 16;
/// Salt, record size, length of the key, key.
const HEAD: usize = 16 + 4 + 1 + PUBLIC;
/// An uncompressed point of P-256.
const PUBLIC: usize = 65;
const RECORD: u32 = 4_096;

/// What a browser gave to be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// Its public key, `p256dh`: 65 bytes.
    pub public: Vec<u8>,
    /// Its secret, `auth`: 16 bytes.
    pub auth: Vec<u8>,
}

impl Keys {
    /// Could anything be sealed for them? Not if the key is no point of the curve.
    pub(super) fn usable(&self) -> bool {
        self.auth.len() == 16 && self.seal(b"").is_ok()
    }

    /// Seals at most [`LONGEST`] bytes under a key pair and a salt that are used this once.
    pub(super) fn seal(&self, words: &[u8]) -> anyhow::Result<Vec<u8>> {
        ensure!(words.len() <= LONGEST, "more than a push service takes");
        let chance = SystemRandom::new();
        let failed = |_| anyhow!("no key can be agreed on with this browser");
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &chance).map_err(failed)?;
        let public = own.compute_public_key().map_err(failed)?;
        let theirs = UnparsedPublicKey::new(&ECDH_P256, &self.public);
        agreement::agree_ephemeral(own, &theirs, |agreed| {
            self.seal_by(agreed, public.as_ref(), rand::random(), words)
        })
        .map_err(failed)
    }

    /// The same by what was agreed on, our public key and the salt.
    fn seal_by(&self, agreed: &[u8], public: &[u8], salt: [u8; 16], words: &[u8]) -> Vec<u8> {
        let secret = Salt::new(HKDF_SHA256, &self.auth).extract(agreed);
        let both = [b"WebPush: info\0", &self.public[..], public];
        let secret: [u8; 32] = expand(&secret, &both);
        let secret = Salt::new(HKDF_SHA256, &salt).extract(&secret);
        let key: [u8; 16] = expand(&secret, &[b"Content-Encoding: aes128gcm\0"]);
        let nonce: [u8; 12] = expand(&secret, &[b"Content-Encoding: nonce\0"]);
        // 2 marks the last record.
        let mut record = [words, &[2]].concat();
        let key = UnboundKey::new(&AES_128_GCM, &key).expect("16 bytes are a key");
        LessSafeKey::new(key)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut record,
            )
            .expect("a record is far shorter than 64 GiB");
        let length = [u8::try_from(public.len()).expect("a public key is short")];
        [&salt, &RECORD.to_be_bytes()[..], &length, public, &record].concat()
    }
}

/// So many bytes of a key.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(secret: &Prk, info: &[&[u8]]) -> [u8; N] {
    let mut bytes = [0; N];
    let expanded = secret.expand(info, Bytes(N));
    expanded
        .and_then(|expanded| expanded.fill(&mut bytes))
        .expect("HKDF gives a few bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    use p256::{PublicKey, SecretKey};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64.decode(text).unwrap()
    }

    /// The browser of the RFC's example.
    fn browser() -> (SecretKey, Keys) {
        let secret = bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94");
        let keys = Keys {
            public: bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            ),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        (SecretKey::from_slice(&secret).unwrap(), keys)
    }

    /// RFC 8291, section 5 and appendix A, with the agreement made by another implementation.
    #[test]
    fn the_example_of_the_rfc_is_sealed_byte_for_byte() {
        let (_, keys) = browser();
        let own = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let own = SecretKey::from_slice(&own).unwrap();
        let theirs = PublicKey::from_sec1_bytes(&keys.public).unwrap();
        let agreed = own.diffie_hellman(&theirs);
        let public = bytes(
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        );
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let words = b"When I grow up, I want to be a watermelon";
        let sealed = keys.seal_by(agreed.raw_secret_bytes(), &public, salt, words);
        assert_eq!(
            BASE64.encode(sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A\
             _yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn the_longest_words_fill_what_a_push_service_takes() {
        let (_, keys) = browser();
        let sealed = keys.seal(&[b'x'; LONGEST]).unwrap();
        assert_eq!(sealed.len(), 4_096);
        assert_ne!(sealed, keys.seal(&[b'x'; LONGEST]).unwrap());
        assert!(keys.seal(&[b'x'; LONGEST + 1]).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let (_, good) = browser();
        assert!(good.usable());
        let mut off_the_curve = good.clone();
        off_the_curve.public[64] ^= 1;
        let mut short = good.clone();
        short.public.pop();
        let mut compressed = good.clone();
        compressed.public[0] = 2;
        let mut open = good.clone();
        open.auth.push(0);
        for keys in [off_the_curve, short, compressed, open] {
            assert!(!keys.usable(), "{keys:?}");
        }
    }
}
