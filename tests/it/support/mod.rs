//! A server and people, for stories.

pub mod asking;
mod database;
pub mod people;
pub mod register;
pub mod rest;
pub mod scene;
pub mod server;
pub mod shop;

pub use people::Person;
pub use scene::Scene;
pub use server::TestServer;
pub use shop::Shop;
