//! Every statement about rewards.

pub(super) mod books;
mod friend;
mod grant;
mod rule;

pub(super) use self::{friend::*, grant::*, rule::*};
