//! Souk: a chat-commerce messaging server.
//!
//! * [`live`]: people on the line, from the accepted connection to the socket.

pub mod live;
