//! Proves to push services that it is we who write (RFC 8292): a token for one service, signed with the key that browsers were given when
//! they subscribed.

use anyhow::anyhow;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jiff::{SignedDuration, Timestamp};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::json;
use url::Url;

/// A token is good for so long; a service takes a day at the most.
const GOOD: SignedDuration = SignedDuration::from_hours(12);

/// Our key pair.
pub struct Vapid(EcdsaKeyPair);

impl Vapid {
    /// A new key pair, as it is kept: PKCS #8 in base64url.
    pub(super) fn generate() -> anyhow::Result<String> {
        let chance = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance);
        let pair = pair.map_err(|_| anyhow!("no key pair can be made"))?;
        Ok(BASE64.encode(pair))
    }

    /// Reads a kept one.
    pub(super) fn parse(kept: &str) -> anyhow::Result<Self> {
        let pair = BASE64.decode(kept).unwrap_or_default();
        let chance = SystemRandom::new();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pair, &chance)
            .map(Self)
            .map_err(|_| anyhow!("what is kept is no key pair"))
    }

    /// What browsers subscribe with (`applicationServerKey`): an uncompressed point in base64url.
    pub fn public(&self) -> String {
        BASE64.encode(self.0.public_key())
    }

    /// The `Authorization` for calls to the service of `endpoint`. `contact` is how it reaches us; empty: it is not told.
    pub(super) fn authorization(
        &self,
        endpoint: &Url,
        contact: &str,
        now: Timestamp,
    ) -> anyhow::Result<String> {
        let mut claims = json!({
            "aud": endpoint.origin().ascii_serialization(),
            "exp": (now + GOOD).as_second(),
        });
        if !contact.is_empty() {
            claims["sub"] = contact.into();
        }
        let part = |json: String| BASE64.encode(json);
        let head = json!({ "typ": "JWT", "alg": "ES256" });
        let words = format!("{}.{}", part(head.to_string()), part(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), words.as_bytes());
        let signature = signature.map_err(|_| anyhow!("a token cannot be signed"))?;
        let signature = BASE64.encode(signature);
        Ok(format!("vapid t={words}.{signature}, k={}", self.public()))
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier as _};
    use serde_json::Value;

    use super::*;

    #[test]
    fn another_implementation_accepts_a_token() {
        let vapid = Vapid::parse(&Vapid::generate().unwrap()).unwrap();
        let endpoint = "https://push.example.net:8443/send/abc?x=1"
            .parse()
            .unwrap();
        let now = Timestamp::from_second(1_763_770_000).unwrap();
        let said = vapid
            .authorization(&endpoint, "mailto:ops@example.com", now)
            .unwrap();
        let (token, key) = said
            .strip_prefix("vapid t=")
            .and_then(|rest| rest.split_once(", k="))
            .unwrap();
        assert_eq!(key, vapid.public());
        let (words, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&BASE64.decode(signature).unwrap()).unwrap();
        let key = VerifyingKey::from_sec1_bytes(&BASE64.decode(key).unwrap()).unwrap();
        key.verify(words.as_bytes(), &signature).unwrap();
        let (head, claims) = words.split_once('.').unwrap();
        let read = |part: &str| -> Value {
            serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(head), json!({ "typ": "JWT", "alg": "ES256" }));
        assert_eq!(
            read(claims),
            json!({ "aud": "https://push.example.net:8443", "exp": 1_763_813_200, "sub": "mailto:ops@example.com" })
        );
    }

    #[test]
    fn a_service_is_not_told_a_contact_that_there_is_not() {
        let vapid = Vapid::parse(&Vapid::generate().unwrap()).unwrap();
        let endpoint = "https://push.example.net/".parse().unwrap();
        let said = vapid.authorization(&endpoint, "", Timestamp::UNIX_EPOCH);
        let said = said.unwrap();
        let claims = said.split('.').nth(1).unwrap();
        let claims = String::from_utf8(BASE64.decode(claims).unwrap()).unwrap();
        assert!(!claims.contains("sub"), "{claims}");
        assert!(Vapid::parse("mine").is_err());
    }
}
