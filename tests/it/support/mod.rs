//! A server and people, for stories.

mod database;
pub mod people;
pub mod rest;
pub mod scene;
pub mod server;

pub use people::Person;
pub use rest::Rest;
pub use scene::Scene;
pub use server::TestServer;
