//! A server and people, for stories.

pub mod asking;
mod database;
pub mod people;
pub mod rest;
pub mod scene;
pub mod server;
pub mod shop;
pub mod team;

pub use people::Person;
pub use rest::Rest;
pub use scene::Scene;
pub use server::TestServer;
pub use shop::Shop;
pub use team::TestShop;
