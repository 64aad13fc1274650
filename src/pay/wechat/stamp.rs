//! Signatures of API v3: ours on a request, WeChat Pay's on an answer or a notice.

use http::HeaderMap;
use jiff::Timestamp;

use super::super::{
    fault::Forged,
    key::{SigningKey, VerifyingKey},
};

/// The scheme of the `Authorization` header.
const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
/// Signatures that begin so are wrong on purpose: WeChat Pay tests whether we look.
const PROBE: &str = "WECHATPAY/SIGNTEST/";
/// Seconds that a signature is good for, before and after.
const WINDOW: i64 = 300;

/// Who we are to WeChat Pay.
pub(super) struct Signer {
    pub(super) merchant_id: String,
    pub(super) serial: String,
    pub(super) key: SigningKey,
}

/// Whom we believe: its keys by the names that it calls them.
pub(super) struct Keys(pub(super) Vec<(String, VerifyingKey)>);

/// What is said to whom.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// With the query.
    pub(super) path: &'a str,
    pub(super) body: &'a str,
}

impl Signer {
    /// The `Authorization` of a request. The nonce is of letters and digits.
    pub(super) fn authorization(&self, of: &Request, now: Timestamp, nonce: &str) -> String {
        let Self {
            merchant_id,
            serial,
            key,
        } = self;
        let Request { method, path, body } = of;
        let at = now.as_second();
        let text = format!("{method}\n{path}\n{at}\n{nonce}\n{body}\n");
        let signature = key.sign(text.as_bytes());
        format!(
            "{SCHEME} mchid=\"{merchant_id}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{at}\",\
             serial_no=\"{serial}\""
        )
    }
}

impl Keys {
    /// Did WeChat Pay say this, just now?
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Forged> {
        let header = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value
                .filter(|value| !value.is_empty())
                .ok_or(Forged::Unsigned)
        };
        let signature = header("wechatpay-signature")?;
        let (serial, at, nonce) = (
            header("wechatpay-serial")?,
            header("wechatpay-timestamp")?,
            header("wechatpay-nonce")?,
        );
        if signature.starts_with(PROBE) {
            return Err(Forged::Probe);
        }
        let second: i64 = at.parse().map_err(|_| Forged::Stale)?;
        if now.as_second().abs_diff(second) > WINDOW.unsigned_abs() {
            return Err(Forged::Stale);
        }
        let key = self.0.iter().find(|(name, _)| name == serial);
        let (_, key) = key.ok_or(Forged::UnknownKey)?;
        let text = [at.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"].concat();
        key.signed(&text, signature)
            .then_some(())
            .ok_or(Forged::WrongSignature)
    }

    /// The name of the key that WeChat Pay shall sign with.
    pub(super) fn wanted(&self) -> &str {
        self.0.first().map_or("", |(name, _)| name)
    }
}
