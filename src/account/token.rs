//! Opaque bearer tokens: 256 random bits behind a prefix that says what they are for.
//!
//! The database keeps only a hash. A plain SHA-256 is enough, for nobody can guess 256 bits; the
//! prefix lets people and secret scanners recognise a leaked token.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use rand::CryptoRng;
use sha2::{Digest, Sha256};

/// What a token is for; a token of one kind is never accepted as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Minutes of access for a signed-in device.
    Access,
    /// Gets the next access token; replaced at each use.
    Refresh,
    /// Opens one socket within 30 seconds.
    Ticket,
    /// A bot's key; it lasts.
    Bot,
    /// An address that accepts notices for one group.
    Hook,
    /// An invitation into a group or a shop's staff.
    Invite,
}

impl TokenKind {
    const ALL: [Self; 6] = [
        Self::Access,
        Self::Refresh,
        Self::Ticket,
        Self::Bot,
        Self::Hook,
        Self::Invite,
    ];

    /// The readable beginning, `souk_at_` for an access token.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "souk_at_",
            Self::Refresh => "souk_rt_",
            Self::Ticket => "souk_wt_",
            Self::Bot => "souk_bt_",
            Self::Hook => "souk_wh_",
            Self::Invite => "souk_in_",
        }
    }
}

/// A bearer token in the clear. It is shown to its owner once; `Debug` prints only its kind.
#[derive(Clone)]
pub struct Token {
    kind: TokenKind,
    secret: [u8; 32],
}

/// SHA-256 of a token's whole text: what the database keeps and looks up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// The text is not a token of ours; it says no more, for the caller is a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token")]
pub struct NotAToken;

impl Token {
    /// Makes a new token from the chance that is handed in.
    pub fn generate(kind: TokenKind, rng: &mut impl CryptoRng) -> Self {
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        Self { kind, secret }
    }

    /// The token of a kind that follows from this one and a nonce: nobody who lacks either can make it.
    #[must_use]
    pub fn successor(&self, kind: TokenKind, nonce: &[u8]) -> Self {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(nonce)
            .expect("HMAC takes a key of any length");
        mac.update(kind.prefix().as_bytes());
        mac.update(&self.secret);
        Self {
            kind,
            secret: mac.finalize().into_bytes().into(),
        }
    }

    /// Reads a token: a known prefix and exactly 43 characters of base64url, nothing around them.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let (kind, encoded) = TokenKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?)))
            .filter(|(_, encoded)| encoded.len() == 43)
            .ok_or(NotAToken)?;
        let secret = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| NotAToken)?;
        Ok(Self {
            kind,
            secret: secret.try_into().map_err(|_| NotAToken)?,
        })
    }

    /// What the token is for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The token's text, to be handed to its owner and kept nowhere.
    pub fn reveal(&self) -> String {
        format!(
            "{}{}",
            self.kind.prefix(),
            URL_SAFE_NO_PAD.encode(self.secret)
        )
    }

    /// The hash to store, or to look up; it covers the prefix, so the kind cannot be exchanged.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.reveal()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", self.kind.prefix())
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_token_survives_the_way_out_and_back() {
        let mut rng = StdRng::seed_from_u64(1);
        for kind in TokenKind::ALL {
            let token = Token::generate(kind, &mut rng);
            let back = Token::parse(&token.reveal()).unwrap();
            assert_eq!(back.kind(), kind);
            assert_eq!(back.hash(), token.hash());
            assert_eq!(token.reveal().len(), 8 + 43);
        }
    }

    #[test]
    fn two_tokens_differ_and_so_do_two_kinds_of_one_secret() {
        let mut rng = StdRng::seed_from_u64(2);
        let one = Token::generate(TokenKind::Access, &mut rng);
        let two = Token::generate(TokenKind::Access, &mut rng);
        let bot = Token {
            kind: TokenKind::Bot,
            secret: one.secret,
        };
        assert_ne!(one.hash(), two.hash());
        assert_ne!(one.hash(), bot.hash());
    }

    #[test]
    fn a_successor_follows_from_token_nonce_and_kind_together() {
        let mut rng = StdRng::seed_from_u64(5);
        let one = Token::generate(TokenKind::Refresh, &mut rng);
        let two = Token::generate(TokenKind::Refresh, &mut rng);
        let next = one.successor(TokenKind::Refresh, b"n1").hash();
        assert_eq!(next, one.successor(TokenKind::Refresh, b"n1").hash());
        for other in [
            one.successor(TokenKind::Refresh, b"n2"),
            one.successor(TokenKind::Access, b"n1"),
            two.successor(TokenKind::Refresh, b"n1"),
        ] {
            assert_ne!(next, other.hash());
        }
    }

    #[test]
    fn the_hash_is_sha256_of_the_text() {
        let token = Token {
            kind: TokenKind::Access,
            secret: [0; 32],
        };
        assert_eq!(
            token.reveal(),
            "souk_at_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        );
        assert_eq!(
            token.hash().0.as_slice(),
            Sha256::digest(token.reveal()).as_slice()
        );
    }

    #[test]
    fn debug_never_prints_the_secret() {
        let token = Token::generate(TokenKind::Refresh, &mut StdRng::seed_from_u64(3));
        assert_eq!(format!("{token:?}"), "Token(souk_rt_…)");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = Token::generate(TokenKind::Access, &mut StdRng::seed_from_u64(4)).reveal();
        let stray_bits = format!("souk_at_{}B", "A".repeat(42));
        for text in [
            String::new(),
            good[8..].to_owned(),
            good[..50].to_owned(),
            format!("{good}A"),
            format!(" {good}"),
            format!("{good}="),
            good.replace("souk_at_", "souk_xx_"),
            good.replace("souk_at_", "SOUK_AT_"),
            format!("souk_at_{}", "+".repeat(43)),
            stray_bits,
            "souk_at_".repeat(100_000),
        ] {
            assert!(Token::parse(&text).is_err(), "{}", text.len());
        }
    }
}
