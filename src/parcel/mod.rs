//! Parcels: where a package is, once it has left.
//!
//! Every package that is shipped becomes a parcel ([`begin`]), which the tracker is asked to follow ([`follow`]). What it posts is believed
//! only with the parcel's own secret, and grows the trace ([`hear`]): the customer sees it ([`show`]), the order moves, and the two moments
//! that matter are told once. What does not arrive in time is on the shop's list, and the customer hears of it ([`late`]).

pub mod begin;
pub mod follow;
pub mod hear;
pub mod late;
mod queries;
pub mod rules;
pub mod secret;
pub mod show;
