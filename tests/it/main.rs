//! Stories about people, in one binary, against real services.

#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests spawn people, read where PostgreSQL is, and share what they like"
)]

mod accept;
mod conversation;
mod docs;
mod file;
mod group;
mod private_postgres;
mod support;
