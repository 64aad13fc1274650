//! Black-box faults: real nodes as processes, a real PostgreSQL and Redis, clients that follow docs/protocol.md, and a
//! checker over what they saw. Scenario and invariant numbers are those of the reliability bar; docs/faults.md lists them.

#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests spawn clients and share what they like"
)]

mod bookmarks;
mod checker;
mod client;
mod crowd;
mod history;
mod pace;
mod people;
mod proxy;
mod scenario;
mod speaker;
mod wait;
mod world;
