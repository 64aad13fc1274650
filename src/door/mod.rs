//! The way in for everybody: sockets and HTTP alike.
//!
//! [`accept`] serves HTTP/1.1 and WebSocket, with or without TLS, under [`limits`]. A request arrives in the router
//! with the address it really came from, a [`client::ClientAddress`]. Nothing here knows what the shop sells.

pub mod accept;
mod body;
pub mod client;
mod doorman;
mod framing;
pub mod limits;
mod patience;
pub mod tls;
mod turned;
mod visit;
mod wire;
