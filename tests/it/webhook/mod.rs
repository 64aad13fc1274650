//! Shops' own systems and bots hear what happened: signed, retried, fair.

mod docs;
mod keeping;
pub mod receiver;
mod sending;
mod several;
pub mod stage;
