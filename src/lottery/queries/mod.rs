//! Every statement about lotteries.

pub(super) mod books;
mod close;
mod draw;
mod due;
mod place;
mod ticket;

pub(super) use close::*;
pub(super) use draw::*;
pub(super) use due::*;
pub(super) use place::*;
use proto::json::Word;
pub(super) use ticket::*;

use crate::error::Result;

/// A word of the contract that the database holds.
fn word<W: Word>(text: &str) -> Result<W> {
    Ok(W::from_word(text).ok_or_else(|| anyhow::anyhow!("`{text}` is no word of the contract"))?)
}
