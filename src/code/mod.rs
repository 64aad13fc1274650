//! Proving a phone or an e-mail address: a code is sent there and comes back (ACC-03).
//!
//! What codes travel by (the operator's gateways), what they are counted by, and the allowances that other guesses at
//! secrets are counted by as well. Who holds which account is not known here.

mod check;
pub mod contact;
pub mod digits;
pub mod email;
mod forget;
pub mod gateway;
pub mod limit;
pub mod outbox;
pub mod phone;
mod queries;
mod send;

use uuid::Uuid;

pub(crate) use check::{Proved, check};
pub use forget::forget_expired;
pub use send::{Requested, send};

use self::{contact::Contact, digits::CodeKey};
use crate::{actor::AccountKind, app::App, error::Result};

/// What a code is for; it proves nothing else.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To open an account.
    Register,
    /// To log in, or to prove a new device.
    LogIn,
    /// To set a password, or to change how one logs in.
    SetPassword,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::LogIn => "log_in",
            Self::SetPassword => "set_password",
        }
    }
}

/// What is to be proved: that whoever asks holds `contact`, for an account of a kind.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose code.
    pub contact: Contact,
    /// The kind of account.
    pub account: AccountKind,
    /// What for.
    pub purpose: Purpose,
}

/// A code that was sent, as its owner gives it back.
#[derive(Clone, Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// From `POST /codes`.
    pub request_id: Uuid,
    /// Six digits.
    pub code: String,
}

/// What hashes of codes are keyed with, on every node the same.
async fn code_key(app: &App) -> Result<CodeKey> {
    let secret = queries::code::secret(app.store.pool()).await?;
    let secret = secret
        .try_into()
        .map_err(|_| anyhow::anyhow!("the secret `codes` has 32 bytes"))?;
    Ok(CodeKey::new(secret))
}
