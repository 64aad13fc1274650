//! Every statement about orders.

mod begin;
pub(super) mod books;
mod change;
mod desk;
mod due;
mod event;
mod list;
mod load;
mod package;
mod paper;
mod promotion;
mod recipient;
mod row;
mod rules;
mod save;
mod short;
mod template;

pub(super) use begin::*;
pub(super) use change::*;
pub(super) use desk::*;
pub(super) use due::*;
pub(super) use event::*;
pub(super) use list::*;
pub(super) use load::*;
pub(super) use package::*;
pub(super) use paper::*;
pub(super) use recipient::*;
pub(super) use rules::*;
pub(super) use save::*;
pub(super) use short::*;
pub(super) use template::*;

use proto::json::Word;

use crate::error::Result;

/// A word of the contract that the database holds.
fn word<W: Word>(text: &str) -> Result<W> {
    Ok(W::from_word(text).ok_or_else(|| anyhow::anyhow!("`{text}` is no word of the contract"))?)
}
