//! A typed client of Souk. The load test, the integration tests and the examples speak with a server through it, so
//! that none of them can speak another protocol.

pub mod client;

pub use client::{Client, Format};
