//! Black-box faults: real nodes as processes, a real PostgreSQL and Redis, clients that follow docs/protocol.md, and a
//! checker over what they saw. Scenario and invariant numbers are those of the reliability bar; docs/faults.md lists them.

#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests spawn clients and share what they like"
)]

mod bookmarks;
mod checker;
mod claims;
mod client;
mod crowd;
mod draws;
mod history;
mod pace;
mod people;
mod proxy;
mod rush;
mod scenario;
#[expect(dead_code, reason = "other suites ask more of it")]
#[path = "../it/support/simulator/mod.rs"]
mod simulator;
mod speaker;
mod standby;
mod till;
mod wait;
mod world;
