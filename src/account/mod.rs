//! Who somebody is: accounts, log-ins, devices, sessions, and the tickets that open sockets.
//!
//! Passwords and tokens are each one thing that is parsed once at the door and trusted inside; phones, e-mail addresses and
//! the codes that prove them are [`crate::code`]. No secret is ever printed by `Debug`.

pub mod bot_token;
pub mod embed;
pub mod embed_key;
mod forget;
pub mod hasher;
pub mod log_in;
pub mod me;
pub mod password;
mod queries;
pub mod refresh;
pub mod register;
pub mod session;
pub mod token;
pub mod visit;
pub mod wire;

pub use forget::forget_expired;

use sha2::{Digest as _, Sha256};

use crate::{
    error::{Result, refused_argument},
    id::ShopId,
};

/// The client that somebody uses.
#[derive(Clone, Debug)]
pub struct Device {
    id: String,
    kind: DeviceKind,
}

/// For people to recognise their devices by; no rule asks for it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DeviceKind {
    Android,
    Ios,
    Desktop,
    Web,
    MiniProgram,
    Script,
    #[default]
    Unknown,
}

impl DeviceKind {
    fn word(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
            Self::Desktop => "desktop",
            Self::Web => "web",
            Self::MiniProgram => "mini_program",
            Self::Script => "script",
            Self::Unknown => "unknown",
        }
    }
}

impl Device {
    /// Of somebody whose shop's site says nothing of their device: it is theirs alone, or all of the shop's visitors would count as one person
    /// (RISK-02).
    fn of_visitor(shop: ShopId, subject: &str, kind: DeviceKind) -> Self {
        let own = Sha256::digest(format!("{shop} {subject}"));
        let id = format!("embedded:{}", hex::encode(own));
        Self { id, kind }
    }

    /// The client's own id for itself has 1 to 100 bytes without control characters; it should be hard to guess.
    pub fn new(id: &str, kind: DeviceKind) -> Result<Self> {
        if (1..=100).contains(&id.len()) && !id.chars().any(char::is_control) {
            let id = id.to_owned();
            Ok(Self { id, kind })
        } else {
            Err(refused_argument(
                "device_id",
                "has 1 to 100 bytes without control characters",
            ))
        }
    }
}
