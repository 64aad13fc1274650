//! Stories about people, in one binary, against real services.

#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests spawn people, read where PostgreSQL is, and share what they like"
)]

mod accept;
mod account;
mod audit;
mod bot;
mod changing;
mod conversation;
mod docs;
mod fact;
mod file;
mod group;
mod history;
mod limits;
mod message;
mod missed;
mod open;
mod presence;
mod private_postgres;
mod reading;
mod resume;
mod resume_at_random;
mod revocation;
mod search;
mod staff;
mod support;
mod two_nodes;
mod webhook;
