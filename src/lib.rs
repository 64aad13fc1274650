//! Souk: a chat-commerce messaging server.
//!
//! * [`live`]: people on the line, from the accepted connection to the socket.
//! * [`account`]: who somebody is: passwords, phones, codes, tokens.

pub mod account;
pub mod live;
