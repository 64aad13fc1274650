//! Stories about people, in one binary, against real services.

#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests spawn people, read where PostgreSQL is, and share what they like"
)]

mod accept;
mod account;
mod changing;
mod conversation;
mod docs;
mod file;
mod history;
mod message;
mod missed;
mod open;
mod private_postgres;
mod reading;
mod resume;
mod resume_at_random;
mod search;
mod support;
