//! Every statement about accounts: one file each for what there are many of.

pub(super) mod bot_token;
pub(super) mod embed;
pub(super) mod forget;
pub(super) mod over;
pub(super) mod session;
pub(super) mod user;
