//! Souk: a chat-commerce messaging server.
//!
//! * [`live`]: people on the line, from the accepted connection to the socket.
//! * [`account`]: who somebody is: passwords, phones, codes, tokens.
//! * [`media`]: pictures, voice and files that people send.
//! * [`webhook`]: tells a shop's own systems, signed, until they hear it.
//! * [`tls`]: the one choice of cryptography for every TLS connection.

pub mod account;
pub mod live;
pub mod media;
pub mod tls;
pub mod webhook;
