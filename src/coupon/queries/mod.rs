//! Every statement about coupons.

pub(super) mod books;
mod claim;
mod gift;
mod redeem;
mod task;
mod template;
mod wallet;
mod watch;

pub(super) use claim::*;
pub(super) use gift::*;
use proto::json::Word;
pub(super) use redeem::*;
pub(super) use task::*;
pub(super) use template::*;
pub(super) use wallet::*;
pub(super) use watch::*;

use crate::error::Result;

/// A word of the contract that the database holds.
fn word<W: Word>(text: &str) -> Result<W> {
    Ok(W::from_word(text).ok_or_else(|| anyhow::anyhow!("`{text}` is no word of the contract"))?)
}
