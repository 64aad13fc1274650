//! A server and people, for stories.

pub mod asking;
pub mod courier;
mod database;
pub mod held;
mod md5;
pub mod people;
pub mod redis;
pub mod register;
pub mod relay;
pub mod rest;
pub mod scene;
pub mod server;
pub mod shop;
pub mod simulator;
pub mod team;

pub use held::Held;
pub use people::Person;
pub use redis::{Cluster, Redis};
pub use relay::Relay;
pub use rest::Rest;
pub use scene::Scene;
pub use server::TestServer;
pub use shop::Shop;
pub use simulator::Simulator;
pub use team::TestShop;

/// Waits until it is so.
pub async fn eventually(mut so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !so().await {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait)
        .await
        .expect("it never came to be");
}
