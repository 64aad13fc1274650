//! A typed client of Souk, and the scenarios that measure and check a running server.
//!
//! * [`client`]: one socket of one person, typed; the integration tests speak through it too, so that none of
//!   them can speak another protocol. [`socket`] and [`glance`]: the same protocol for load, cheaper than what it measures.
//! * [`people`]: who takes part. [`front_door`]: how they come in over REST. `market`: the shop where they order. [`talk`]: one person talking;
//!   `onlooker`, `screen`: one who says nothing. [`scenario`]: what is played.
//! * [`check`]: was anything lost, doubled or misordered? [`figures`]: what came out. [`report`]: the page that compares runs.
//! * [`floor`], [`bare`]: what the machine can do without Souk. [`usage`]: memory and CPU time of programs on this machine.

pub mod bare;
pub mod check;
pub mod client;
mod crowd;
pub mod figures;
pub mod floor;
pub mod front_door;
pub mod glance;
mod market;
mod onlooker;
pub mod people;
pub mod report;
pub mod scenario;
mod screen;
pub mod socket;
pub mod talk;
pub mod usage;

pub use client::{Client, Format};
