//! A server and people, for stories.

pub mod asking;
mod database;
pub mod people;
pub mod rest;
pub mod server;
pub mod shop;

pub use people::Person;
pub use rest::Rest;
pub use server::TestServer;
pub use shop::Shop;
