//! A browser with its push service, in the test's process: reads what is sealed for it by other code than the server's.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::{
    PublicKey, SecretKey,
    ecdsa::{Signature, VerifyingKey, signature::Verifier as _},
    elliptic_curve::{Generate as _, sec1::ToSec1Point as _},
};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    support::{Person, TestServer},
    webhook::receiver::{Call, Manner, Receiver},
};

/// A browser that lets itself be reached.
pub struct Device {
    secret: SecretKey,
    auth: [u8; 16],
    pub service: Receiver,
}

/// What its push service was given.
pub struct Push {
    /// The alert.
    pub alert: Value,
    pub urgency: String,
    /// Seconds.
    pub ttl: i64,
}

impl Device {
    /// Its push service takes everything.
    pub async fn new() -> Self {
        Self {
            secret: SecretKey::generate(),
            auth: rand::random(),
            service: Receiver::new(Manner::Says(201)).await,
        }
    }

    /// The same, of somebody who has asked to be reached there.
    pub async fn of(server: &TestServer, person: &Person) -> Self {
        let device = Self::new().await;
        let rest = server.rest().by(person);
        rest.put("/me/push", device.subscription()).await.ok();
        device
    }

    /// As the browser's `PushSubscription.toJSON()` gives it.
    pub fn subscription(&self) -> Value {
        json!({
            "endpoint": self.service.url(), "expirationTime": null,
            "keys": { "p256dh": BASE64.encode(self.public()), "auth": BASE64.encode(self.auth) },
        })
    }

    fn public(&self) -> Vec<u8> {
        let public = self.secret.public_key().to_sec1_point(false);
        public.as_bytes().to_vec()
    }

    /// The next push, which must be by whoever has `key`, for this service.
    pub async fn hears(&mut self, key: &str) -> Push {
        let call = self.service.hears().await;
        self.check_sender(&call, key);
        let said = |name: &str| call.headers[name].to_str().expect("text").to_owned();
        assert_eq!(said("content-encoding"), "aes128gcm");
        Push {
            alert: serde_json::from_slice(&self.open(&call.body)).expect("JSON"),
            urgency: said("urgency"),
            ttl: said("ttl").parse().expect("seconds"),
        }
    }

    /// RFC 8292.
    fn check_sender(&self, call: &Call, key: &str) {
        let said = call.headers["authorization"].to_str().expect("text");
        let said = said.strip_prefix("vapid t=").expect("a token");
        let (token, by) = said.split_once(", k=").expect("a key");
        assert_eq!(by, key);
        let (words, signature) = token.rsplit_once('.').expect("a signature");
        let bytes = |text: &str| BASE64.decode(text).expect("base64");
        let signature = Signature::from_slice(&bytes(signature)).expect("a signature");
        let by = VerifyingKey::from_sec1_bytes(&bytes(by)).expect("a key");
        by.verify(words.as_bytes(), &signature).expect("signed");
        let (_, claims) = words.split_once('.').expect("claims");
        let claims: Value = serde_json::from_slice(&bytes(claims)).expect("JSON");
        let origin = format!("http://{}", self.service.address);
        assert_eq!(claims["aud"], origin);
    }

    /// RFC 8291, 3.4, read by its words.
    fn open(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        assert_eq!(rest[..5], [0, 0, 16, 0, 65], "record size and key length");
        let (theirs, record) = rest[5..].split_at(65);
        let sender = PublicKey::from_sec1_bytes(theirs).expect("a key");
        let agreed = self.secret.diffie_hellman(&sender);
        let extracted = hmac(&self.auth, &[agreed.raw_secret_bytes()]);
        let info = [&b"WebPush: info\0"[..], &self.public(), theirs, &[1]];
        let extracted = hmac(salt, &[&hmac(&extracted, &info)]);
        let key = hmac(&extracted, &[b"Content-Encoding: aes128gcm\0\x01"]);
        let nonce = hmac(&extracted, &[b"Content-Encoding: nonce\0\x01"]);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).expect("a key"));
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).expect("a nonce");
        let mut record = record.to_vec();
        let opened = key.open_in_place(nonce, Aad::empty(), &mut record);
        let (end, words) = opened
            .expect("sealed for this browser")
            .split_last()
            .expect("an end");
        assert_eq!(*end, 2, "the last record");
        words.to_vec()
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
