//! Every statement about parcels.

mod follow;
mod late;
mod rules;
mod secret;
mod trace;

pub(super) use self::{
    follow::{Due, begin, due, let_go, over, settle},
    late::{Overdue, late, to_be_told},
    rules::{rules, set_rules},
    secret::{Known, arm, of_token, reseal, sealed_otherwise},
    trace::{add_events, advance, newest, packages, told_late, told_out, told_signed, traces},
};
use crate::{error::Result, tracker::State};

/// A state that the database holds.
fn state(word: &str) -> Result<State> {
    Ok(State::of(word).ok_or_else(|| anyhow::anyhow!("`{word}` is no state of a parcel"))?)
}
