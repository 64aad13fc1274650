//! A chain of rounds: when each begins, and whether a value is what it has signed. Pure.

use anyhow::{Context as _, ensure};
use drand_verify::{G2PubkeyRfc, Pubkey as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::BeaconSettings;

/// The one scheme that is known here: unchained, signatures on G1 of BLS12-381, hashed to the curve as RFC 9380 says.
pub const SCHEME: &str = "bls-unchained-g1-rfc9380";

/// A drand chain, as whoever checks a draw needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BeaconChain)]
pub struct Chain {
    /// Its hash, in hexadecimal: its name.
    pub hash: String,
    /// Its public key, in hexadecimal: 96 bytes, a compressed point on G2.
    pub public_key: String,
    /// How it signs: `bls-unchained-g1-rfc9380`.
    pub scheme: String,
    /// When its first round began, in seconds since 1970.
    pub genesis: i64,
    /// Seconds from one round to the next.
    pub period: i64,
}

/// The value of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BeaconValue)]
pub struct Value {
    /// The chain's signature of the round's number, in hexadecimal: there is one only that fits.
    pub signature: String,
    /// SHA-256 of it: what is mixed in.
    pub randomness: String,
}

/// Why a value is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// It is no signature of this round by this chain.
    #[error("the chain has not signed it for this round")]
    Signature,
    /// Something else is told besides it.
    #[error("it is not the SHA-256 of the signature")]
    Randomness,
}

impl Chain {
    /// As the settings say.
    pub(super) fn of(set: &BeaconSettings) -> anyhow::Result<Self> {
        let chain = Self {
            hash: set.chain.to_lowercase(),
            public_key: set.public_key.to_lowercase(),
            scheme: SCHEME.to_owned(),
            genesis: set.genesis,
            period: set.period,
        };
        ensure!(
            hex::decode(&chain.hash).is_ok_and(|hash| hash.len() == 32),
            "`chain` is 32 bytes in hexadecimal"
        );
        chain.check()?;
        Ok(chain)
    }

    /// drand's quicknet, which is the default.
    pub fn quicknet() -> Self {
        let set = BeaconSettings::default();
        Self {
            hash: set.chain,
            public_key: set.public_key,
            scheme: SCHEME.to_owned(),
            genesis: set.genesis,
            period: set.period,
        }
    }

    /// Fails if nothing could be verified by it, or if it has the name of quicknet and is not.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(self.scheme == SCHEME, "the scheme is `{SCHEME}`");
        ensure!(self.period > 0, "rounds follow one another");
        self.key()
            .context("`public_key` is a point on G2: 96 bytes in hexadecimal")?;
        let quicknet = Self::quicknet();
        ensure!(
            self.hash != quicknet.hash || *self == quicknet,
            "it is called drand's quicknet, and is not"
        );
        Ok(())
    }

    /// When a round begins, in milliseconds since 1970.
    pub fn begins(&self, round: u64) -> i64 {
        let before = i64::try_from(round.saturating_sub(1)).unwrap_or(i64::MAX);
        let seconds = before.saturating_mul(self.period);
        seconds.saturating_add(self.genesis).saturating_mul(1_000)
    }

    /// The first round that begins a whole period after that moment (milliseconds since 1970), or later. The round that is due at the moment itself
    /// may be signed already, by clocks that are a little ahead.
    pub fn round_after(&self, at: i64) -> u64 {
        let period = self.period.max(1).saturating_mul(1_000);
        let since = at
            .saturating_add(period)
            .saturating_sub(self.genesis.saturating_mul(1_000));
        let periods = since
            .max(0)
            .cast_unsigned()
            .div_ceil(period.cast_unsigned());
        periods + 1
    }

    /// Whether the chain has signed this for that round.
    pub fn verify(&self, round: u64, value: &Value) -> Result<(), Forged> {
        let signature = bytes(&value.signature, 48).ok_or(Forged::Signature)?;
        let signed = self
            .key()
            .is_some_and(|key| key.verify(round, b"", &signature).unwrap_or(false));
        if !signed {
            return Err(Forged::Signature);
        }
        if value.randomness != randomness(&signature) {
            return Err(Forged::Randomness);
        }
        Ok(())
    }

    /// `None`: it is none, or the one that everything is signed by.
    fn key(&self) -> Option<G2PubkeyRfc> {
        let key = bytes(&self.public_key, 96)?;
        let nothing = key[0] == 0xc0 && key[1..].iter().all(|byte| *byte == 0);
        G2PubkeyRfc::from_variable(&key).ok().filter(|_| !nothing)
    }
}

impl Value {
    /// Of a signature that was believed.
    pub fn of(signature: &str) -> Self {
        Self {
            randomness: randomness(&hex::decode(signature).unwrap_or_default()),
            signature: signature.to_owned(),
        }
    }
}

fn randomness(signature: &[u8]) -> String {
    hex::encode(Sha256::digest(signature))
}

/// So many bytes in lower-case hexadecimal.
fn bytes(text: &str, many: usize) -> Option<Vec<u8>> {
    let bytes = hex::decode(text).ok()?;
    (bytes.len() == many && hex::encode(&bytes) == text).then_some(bytes)
}
