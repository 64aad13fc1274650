//! Tells a shop's own systems what happened, signed, until they hear it.
//!
//! `address` decides where we may call at all, `egress` makes the call, `sign` proves that it was us,
//! `schedule` says when to try again and when to stop. None of them knows the database.

pub mod address;
pub mod egress;
pub mod schedule;
pub mod sign;
