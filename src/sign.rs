//! Signatures after the Standard Webhooks specification.
//!
//! A call carries `webhook-id`, `webhook-timestamp` and `webhook-signature`; the last is
//! `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, once for each secret that is valid now.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rand::CryptoRng;
use sha2::Sha256;
use uuid::Uuid;

const PREFIX: &str = "whsec_";

/// An endpoint's signing secret, 24 to 64 bytes. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The text is not `whsec_` and base64 of 24 to 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a webhook secret")]
pub struct NotASecret;

impl Secret {
    /// Makes a new secret of 32 bytes from the chance that is handed in.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = vec![0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Reads a secret as the shop sees it.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let encoded = text
            .strip_prefix(PREFIX)
            .filter(|e| e.len() <= 88)
            .ok_or(NotASecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| NotASecret)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(NotASecret)
        }
    }

    /// `whsec_…`, to be shown to the shop once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }
}

/// The secrets that an endpoint's receiver may know: the current one, and during a rotation the one before it.
#[derive(Debug, Clone)]
pub struct Signer {
    current: Secret,
    previous: Option<Secret>,
}

/// The three headers that prove a call is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    id: String,
    timestamp: String,
    signature: String,
}

/// The `webhook-id` of an event: the same at every attempt.
pub fn webhook_id(event: Uuid) -> String {
    format!("msg_{}", event.simple())
}

impl Signer {
    /// Signs with `current`, and with `previous` too while the shop changes over.
    pub fn new(current: Secret, previous: Option<Secret>) -> Self {
        Self { current, previous }
    }

    /// Signs one attempt to deliver `event`: its id stays the same at every attempt, so that the receiver can
    /// drop doubles; `now` is the attempt's, for receivers refuse calls older than five minutes.
    pub fn stamp(&self, event: Uuid, now: Timestamp, body: &[u8]) -> Stamp {
        let id = webhook_id(event);
        let timestamp = now.as_second().to_string();
        let secrets = std::iter::once(&self.current).chain(&self.previous);
        let signatures: Vec<String> = secrets
            .map(|secret| v1(secret, &id, &timestamp, body))
            .collect();
        Stamp {
            id,
            timestamp,
            signature: signatures.join(" "),
        }
    }
}

impl Stamp {
    /// The headers by name.
    pub fn headers(&self) -> [(&'static str, &str); 3] {
        [
            ("webhook-id", &self.id),
            ("webhook-timestamp", &self.timestamp),
            ("webhook-signature", &self.signature),
        ]
    }
}

fn v1(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&secret.0)
        .expect("HMAC takes a key of any length");
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(whsec_…)")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use rand::{SeedableRng, rngs::StdRng};
    use standardwebhooks::Webhook;

    use super::*;
    use crate::clock::Clock;

    const BODY: &[u8] = r#"{"type":"order.paid","name":"安"}"#.as_bytes();

    fn secret(seed: u64) -> Secret {
        Secret::generate(&mut StdRng::seed_from_u64(seed))
    }

    fn headers(stamp: &Stamp) -> HeaderMap {
        stamp
            .headers()
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    /// What an independent implementation says about a call.
    fn heard(stamp: &Stamp, body: &[u8], secret: &Secret) -> bool {
        Webhook::new(&secret.reveal())
            .unwrap()
            .verify(body, &headers(stamp))
            .is_ok()
    }

    #[test]
    fn an_independent_implementation_accepts_our_signature() {
        let stamp =
            Signer::new(secret(1), None).stamp(Uuid::from_u128(5), Clock::default().now(), BODY);
        assert!(heard(&stamp, BODY, &secret(1)));
        assert!(!heard(&stamp, BODY, &secret(2)));
        assert!(!heard(&stamp, b"{}", &secret(1)));
    }

    #[test]
    fn during_a_rotation_both_secrets_are_honoured() {
        let stamp = Signer::new(secret(2), Some(secret(1))).stamp(
            Uuid::from_u128(5),
            Clock::default().now(),
            BODY,
        );
        assert!(heard(&stamp, BODY, &secret(1)));
        assert!(heard(&stamp, BODY, &secret(2)));
        assert!(!heard(&stamp, BODY, &secret(3)));
    }

    #[test]
    fn a_replayed_or_early_call_is_refused() {
        let signer = Signer::new(secret(1), None);
        for skew in [-400, 400] {
            let when = Timestamp::from_second(Clock::default().now().as_second() + skew).unwrap();
            assert!(
                !heard(
                    &signer.stamp(Uuid::from_u128(5), when, BODY),
                    BODY,
                    &secret(1)
                ),
                "{skew}"
            );
        }
    }

    #[test]
    fn the_example_of_the_specification_has_the_signature_we_compute() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = v1(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn one_event_keeps_its_id_at_every_attempt() {
        let signer = Signer::new(secret(1), None);
        let at = |second| {
            signer.stamp(
                Uuid::from_u128(5),
                Timestamp::from_second(second).unwrap(),
                BODY,
            )
        };
        let (one, two) = (at(1_800_000_000), at(1_800_000_300));
        assert_eq!(one.id, two.id);
        assert_eq!(one.timestamp, "1800000000");
        assert_ne!(one.signature, two.signature);
    }

    #[test]
    fn a_secret_survives_the_way_out_and_back_and_nothing_else_is_one() {
        assert_eq!(Secret::parse(&secret(1).reveal()), Ok(secret(1)));
        let sized = |n: usize| format!("whsec_{}", STANDARD.encode(vec![1; n]));
        assert!(Secret::parse(&sized(24)).is_ok() && Secret::parse(&sized(64)).is_ok());
        for text in [
            &sized(23),
            &sized(65),
            "whsec_",
            "whsec_!",
            "",
            &secret(1).reveal()[6..],
        ] {
            assert_eq!(Secret::parse(text), Err(NotASecret), "{text}");
        }
        assert_eq!(format!("{:?}", secret(1)), "Secret(whsec_…)");
    }
}
