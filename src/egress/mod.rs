//! Calls to addresses that strangers chose: a shop's webhooks, the push services of people's browsers; and to relays, which
//! anybody may run.
//!
//! [`address`] decides where we may call at all, [`call`] calls, [`again`] says when to try again. No database, no business.

pub mod address;
pub mod again;
pub mod call;
