//! A server and people, for stories.

mod database;
pub mod people;
pub mod server;

pub use people::Person;
pub use server::TestServer;
