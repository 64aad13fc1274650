//! Embedding: a shop signs a short-lived JWT that says who its visitor is, and we take its word.
//!
//! Read by hand and strictly, not with a general JWT library: one algorithm, no header member that we
//! do not know (so no `jku`, `jwk`, `crit`), and the time is handed in. Signatures are HMAC-SHA256 over
//! the text as received, compared in constant time, and nothing in the claims is believed before that.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::words;

/// No word of a shop is longer than this many bytes.
pub const MAX_LEN: usize = 4096;

/// No key's id is longer than this.
pub const MAX_KID: usize = 64;

/// How many seconds the shop's clock may differ from ours.
pub const LEEWAY: i64 = 60;

/// The longest time in seconds between `iat` and `exp`.
pub const MAX_LIFETIME: i64 = 600;

/// A shop's signing key. `Debug` prints only its id.
#[derive(Clone)]
pub struct EmbedKey {
    kid: String,
    issuer: String,
    secret: Vec<u8>,
}

/// A JWT that was read but not yet believed; only its key id may be looked at, to find the key.
pub struct SignedWord<'a> {
    kid: String,
    message: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

/// Who the shop says is visiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The shop's own id of the person, 1 to 128 characters without control characters.
    pub subject: String,
    /// The name to show, 1 to 64 characters without control characters; absent if the shop sent none.
    pub name: Option<String>,
}

/// Why a shop's word is not taken. Strangers see only "not accepted"; the shop's log may say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmbedFault {
    /// Longer than 4 KiB.
    #[error("token too long")]
    TooLong,
    /// Not three parts of base64url with JSON of the expected shape in them.
    #[error("token malformed")]
    Malformed,
    /// The header's `alg` is not `HS256`, `typ` is neither absent nor `JWT`, `kid` is no key's id, or it has a member we do
    /// not know.
    #[error("token header not accepted")]
    Header,
    /// The key at hand is not the one that the header names.
    #[error("unknown key")]
    UnknownKey,
    /// The signature does not match.
    #[error("signature wrong")]
    Signature,
    /// `iss` is not the shop that owns the key.
    #[error("issuer wrong")]
    Issuer,
    /// `aud` does not name this server.
    #[error("audience wrong")]
    Audience,
    /// `exp` is over.
    #[error("token expired")]
    Expired,
    /// `nbf` or `iat` is still to come.
    #[error("token not valid yet")]
    NotYet,
    /// `exp` is not after `iat`, or more than ten minutes after it.
    #[error("token lives too long")]
    Lifetime,
    /// `sub` or `name` is empty, too long or has characters that do not belong there.
    #[error("visitor not acceptable")]
    Visitor,
}

/// The key's secret is shorter than HMAC-SHA256 deserves (32 bytes), or longer than 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret has 32 to 128 bytes")]
pub struct WeakKey;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audiences,
    sub: String,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

impl EmbedKey {
    /// The key `kid` of the shop that calls itself `issuer`.
    pub fn new(
        kid: impl Into<String>,
        issuer: impl Into<String>,
        secret: &[u8],
    ) -> Result<Self, WeakKey> {
        if !(32..=128).contains(&secret.len()) {
            return Err(WeakKey);
        }
        Ok(Self {
            kid: kid.into(),
            issuer: issuer.into(),
            secret: secret.to_vec(),
        })
    }
}

impl<'a> SignedWord<'a> {
    /// Reads a compact JWT of at most [`MAX_LEN`] bytes and checks its header; believes nothing yet.
    pub fn parse(text: &'a str) -> Result<Self, EmbedFault> {
        if text.len() > MAX_LEN {
            return Err(EmbedFault::TooLong);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(EmbedFault::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(EmbedFault::Malformed)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| EmbedFault::Malformed)?;
        Ok(Self {
            kid: accepted_kid(header)?,
            message,
            payload,
            signature,
        })
    }

    /// The id of the key that is said to have signed, to look it up; a line of at most [`MAX_KID`] characters.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Believes the word if `key` signed it for `audience` and it is good at `now`.
    pub fn verify(
        &self,
        key: &EmbedKey,
        audience: &str,
        now: Timestamp,
    ) -> Result<Visitor, EmbedFault> {
        if self.kid != key.kid {
            return Err(EmbedFault::UnknownKey);
        }
        self.signed_by(key)?;
        let claims: Claims = json(self.payload)?;
        if claims.iss != key.issuer {
            return Err(EmbedFault::Issuer);
        }
        if !claims.aud.name(audience) {
            return Err(EmbedFault::Audience);
        }
        claims.good_at(now.as_second())?;
        claims.visitor()
    }

    fn signed_by(&self, key: &EmbedKey) -> Result<(), EmbedFault> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.secret)
            .map_err(|_| EmbedFault::Signature)?;
        mac.update(self.message.as_bytes());
        mac.verify_slice(&self.signature)
            .map_err(|_| EmbedFault::Signature)
    }
}

fn accepted_kid(encoded: &str) -> Result<String, EmbedFault> {
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| EmbedFault::Malformed)?;
    let header: Header = serde_json::from_slice(&bytes).map_err(|_| EmbedFault::Header)?;
    let accepted = header.alg == "HS256"
        && header.typ.is_none_or(|typ| typ == "JWT")
        && words::is_line(&header.kid, MAX_KID);
    if accepted {
        Ok(header.kid)
    } else {
        Err(EmbedFault::Header)
    }
}

fn json<T: DeserializeOwned>(encoded: &str) -> Result<T, EmbedFault> {
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| EmbedFault::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| EmbedFault::Malformed)
}

impl Audiences {
    fn name(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

impl Claims {
    /// The instants are the shop's: sums are saturating, for they may be any number.
    fn good_at(&self, now: i64) -> Result<(), EmbedFault> {
        if !(1..=MAX_LIFETIME).contains(&self.exp.saturating_sub(self.iat)) {
            return Err(EmbedFault::Lifetime);
        }
        if now >= self.exp.saturating_add(LEEWAY) {
            return Err(EmbedFault::Expired);
        }
        let begins = self.iat.max(self.nbf.unwrap_or(self.iat));
        if now.saturating_add(LEEWAY) < begins {
            Err(EmbedFault::NotYet)
        } else {
            Ok(())
        }
    }

    fn visitor(self) -> Result<Visitor, EmbedFault> {
        let sane = words::is_line(&self.sub, 128)
            && self
                .name
                .as_deref()
                .is_none_or(|name| words::is_line(name, 64));
        if !sane {
            return Err(EmbedFault::Visitor);
        }
        Ok(Visitor {
            subject: self.sub,
            name: self.name,
        })
    }
}

impl fmt::Debug for EmbedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmbedKey({} of {})", self.kid, self.issuer)
    }
}

impl fmt::Debug for SignedWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedWord(kid {:?})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn key() -> EmbedKey {
        EmbedKey::new("k1", "shop-7", SECRET).unwrap()
    }

    fn header() -> Value {
        json!({"alg": "HS256", "typ": "JWT", "kid": "k1"})
    }

    fn claims() -> Value {
        json!({"iss": "shop-7", "aud": "souk", "sub": "u-1", "iat": NOW, "exp": NOW + 300, "name": "安"})
    }

    /// The standard claims with one changed, or taken away with null.
    fn claims_with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        claims
    }

    fn sign(header: &str, claims: &str, secret: &[u8]) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).unwrap();
        mac.update(message.as_bytes());
        format!(
            "{message}.{}",
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        )
    }

    fn verdict_at(token: &str, now: i64) -> Result<Visitor, EmbedFault> {
        SignedWord::parse(token)?.verify(&key(), "souk", Timestamp::from_second(now).unwrap())
    }

    fn verdict(header: &Value, claims: &Value) -> Result<Visitor, EmbedFault> {
        verdict_at(&sign(&header.to_string(), &claims.to_string(), SECRET), NOW)
    }

    #[test]
    fn a_good_word_names_the_visitor() {
        let visitor = verdict(&header(), &claims_with("of-their-own", json!("whatever"))).unwrap();
        assert_eq!(visitor.subject, "u-1");
        assert_eq!(visitor.name.as_deref(), Some("安"));
    }

    #[test]
    fn the_example_of_rfc_7515_has_the_signature_we_compute() {
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0\
                     dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let (message, signature) = token.rsplit_once('.').unwrap();
        let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let word = SignedWord {
            kid: "k1".into(),
            message,
            payload: "",
            signature: URL_SAFE_NO_PAD.decode(signature).unwrap(),
        };
        let key = EmbedKey::new("k1", "joe", &URL_SAFE_NO_PAD.decode(secret).unwrap()).unwrap();
        assert_eq!(word.signed_by(&key), Ok(()));
    }

    #[test]
    fn a_header_that_is_not_exactly_ours_is_refused() {
        let table = [
            json!({"alg": "none", "kid": "k1"}),
            json!({"alg": "None", "kid": "k1"}),
            json!({"alg": "hs256", "kid": "k1"}),
            json!({"alg": "HS384", "kid": "k1"}),
            json!({"alg": "HS512", "kid": "k1"}),
            json!({"alg": "RS256", "kid": "k1"}),
            json!({"alg": "ES256", "kid": "k1"}),
            json!({"alg": ["HS256"], "kid": "k1"}),
            json!({"kid": "k1"}),
            json!({"alg": "HS256"}),
            json!({"alg": "HS256", "kid": null}),
            json!({"alg": "HS256", "kid": 1}),
            json!({"alg": "HS256", "kid": "k1", "typ": "JWE"}),
            json!({"alg": "HS256", "kid": "k1", "jku": "https://evil.example/keys"}),
            json!({"alg": "HS256", "kid": "k1", "jwk": {"kty": "oct", "k": "AAAA"}}),
            json!({"alg": "HS256", "kid": "k1", "x5u": "https://evil.example/cert"}),
            json!({"alg": "HS256", "kid": "k1", "crit": ["exp"]}),
            json!([]),
        ];
        for header in table {
            assert_eq!(
                verdict(&header, &claims()),
                Err(EmbedFault::Header),
                "{header}"
            );
        }
        assert!(
            verdict(&json!({"alg": "HS256", "kid": "k1"}), &claims()).is_ok(),
            "typ may be absent"
        );
        let twice = r#"{"alg":"HS256","alg":"none","kid":"k1"}"#;
        assert_eq!(
            verdict_at(&sign(twice, &claims().to_string(), SECRET), NOW),
            Err(EmbedFault::Header)
        );
    }

    #[test]
    fn alg_none_without_a_signature_is_refused() {
        let good = sign(
            &json!({"alg": "none", "kid": "k1"}).to_string(),
            &claims().to_string(),
            SECRET,
        );
        let bare = &good[..=good.rfind('.').unwrap()];
        assert_eq!(verdict_at(bare, NOW), Err(EmbedFault::Header));
        let good = sign(&header().to_string(), &claims().to_string(), SECRET);
        let bare = &good[..=good.rfind('.').unwrap()];
        assert_eq!(verdict_at(bare, NOW), Err(EmbedFault::Signature));
    }

    #[test]
    fn another_key_or_another_key_id_is_refused() {
        let (h, c) = (header().to_string(), claims().to_string());
        assert_eq!(
            verdict_at(&sign(&h, &c, b"another secret, long enough for us"), NOW),
            Err(EmbedFault::Signature)
        );
        let other = json!({"alg": "HS256", "typ": "JWT", "kid": "k2"});
        assert_eq!(verdict(&other, &claims()), Err(EmbedFault::UnknownKey));
    }

    #[test]
    fn no_byte_of_a_word_can_be_changed() {
        let good = sign(&header().to_string(), &claims().to_string(), SECRET);
        for at in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verdict_at(&changed, NOW).is_err(), "at {at}");
        }
        for end in 0..good.len() {
            assert!(verdict_at(&good[..end], NOW).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn text_that_is_no_word_is_refused() {
        let good = sign(&header().to_string(), &claims().to_string(), SECRET);
        for text in ["", ".", "..", "...", "a.b.c", "💥.💥.💥"] {
            assert!(verdict_at(text, NOW).is_err(), "{text}");
        }
        assert!(verdict_at(&format!("{good}="), NOW).is_err());
        assert!(verdict_at(&format!("{good}.x"), NOW).is_err());
        assert!(verdict_at(&format!(" {good}"), NOW).is_err());
    }

    #[test]
    fn four_kibibytes_are_read_and_one_byte_more_is_not() {
        let padded = |pad: usize| {
            let claims = claims_with("pad", json!("x".repeat(pad)));
            sign(&header().to_string(), &claims.to_string(), SECRET)
        };
        let most = (0..3000)
            .rev()
            .find(|pad| padded(*pad).len() <= MAX_LEN)
            .unwrap();
        assert!(verdict_at(&padded(most), NOW).is_ok());
        assert_eq!(verdict_at(&padded(most + 1), NOW), Err(EmbedFault::TooLong));
        assert_eq!(
            verdict_at(&"a".repeat(1 << 20), NOW),
            Err(EmbedFault::TooLong)
        );
    }

    #[test]
    fn the_word_is_for_us_and_from_the_owner_of_the_key() {
        assert_eq!(
            verdict(&header(), &claims_with("iss", json!("shop-8"))),
            Err(EmbedFault::Issuer)
        );
        for aud in [
            json!("other"),
            json!(""),
            json!("soukx"),
            json!([]),
            json!(["other"]),
        ] {
            assert_eq!(
                verdict(&header(), &claims_with("aud", aud.clone())),
                Err(EmbedFault::Audience),
                "{aud}"
            );
        }
        assert!(verdict(&header(), &claims_with("aud", json!(["other", "souk"]))).is_ok());
    }

    #[test]
    fn every_required_claim_is_required_and_typed() {
        for name in ["iss", "aud", "sub", "iat", "exp"] {
            let absent = claims_with(name, Value::Null);
            assert_eq!(
                verdict(&header(), &absent),
                Err(EmbedFault::Malformed),
                "{name}"
            );
            assert_eq!(
                verdict(&header(), &claims_with(name, json!({}))),
                Err(EmbedFault::Malformed),
                "{name}"
            );
        }
        for exp in [json!("1800000300"), json!(1.8e30), json!(1_800_000_300.5)] {
            assert_eq!(
                verdict(&header(), &claims_with("exp", exp)),
                Err(EmbedFault::Malformed)
            );
        }
        let twice = format!(r#"{{"sub":"admin",{}"#, &claims().to_string()[1..]);
        assert_eq!(
            verdict_at(&sign(&header().to_string(), &twice, SECRET), NOW),
            Err(EmbedFault::Malformed)
        );
    }

    #[test]
    fn the_edges_of_time_are_exact() {
        let token = sign(&header().to_string(), &claims().to_string(), SECRET);
        assert!(verdict_at(&token, NOW + 300 + 59).is_ok());
        assert_eq!(verdict_at(&token, NOW + 300 + 60), Err(EmbedFault::Expired));
        assert!(verdict_at(&token, NOW - 60).is_ok());
        assert_eq!(verdict_at(&token, NOW - 61), Err(EmbedFault::NotYet));
        let token = sign(
            &header().to_string(),
            &claims_with("nbf", json!(NOW + 100)).to_string(),
            SECRET,
        );
        assert!(verdict_at(&token, NOW + 40).is_ok());
        assert_eq!(verdict_at(&token, NOW + 39), Err(EmbedFault::NotYet));
    }

    #[test]
    fn a_word_lives_ten_minutes_at_most() {
        assert!(verdict(&header(), &claims_with("exp", json!(NOW + 600))).is_ok());
        for exp in [NOW + 601, NOW, NOW - 1, i64::MAX, i64::MIN] {
            assert_eq!(
                verdict(&header(), &claims_with("exp", json!(exp))),
                Err(EmbedFault::Lifetime),
                "{exp}"
            );
        }
        let far = json!({"iss": "shop-7", "aud": "souk", "sub": "u", "iat": i64::MAX - 1, "exp": i64::MAX});
        assert_eq!(verdict(&header(), &far), Err(EmbedFault::NotYet));
    }

    #[test]
    fn a_visitor_is_somebody_who_can_be_shown() {
        let bad = [
            ("sub", json!("")),
            ("sub", json!("  ")),
            ("sub", json!("x".repeat(129))),
            ("sub", json!("a\nb")),
            ("name", json!("")),
            ("name", json!("名".repeat(65))),
            ("name", json!("a\u{0}b")),
        ];
        for (name, value) in bad {
            assert_eq!(
                verdict(&header(), &claims_with(name, value.clone())),
                Err(EmbedFault::Visitor),
                "{name} {value}"
            );
        }
        assert!(verdict(&header(), &claims_with("name", json!("名".repeat(64)))).is_ok());
    }

    #[test]
    fn a_short_secret_is_no_key_and_debug_shows_none() {
        assert_eq!(EmbedKey::new("k", "s", &[1; 31]).err(), Some(WeakKey));
        assert_eq!(EmbedKey::new("k", "s", &[1; 129]).err(), Some(WeakKey));
        assert_eq!(format!("{:?}", key()), "EmbedKey(k1 of shop-7)");
    }
}
