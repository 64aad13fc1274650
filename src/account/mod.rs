//! Who somebody is: accounts, log-ins, devices, sessions, and the tickets that open sockets.
//!
//! Passwords, phones, e-mail addresses, codes and tokens are each one thing that is parsed once at the door and trusted
//! inside. No secret is ever printed by `Debug`.

pub mod code;
pub mod email;
pub mod embed;
pub mod hasher;
pub mod merchant;
pub mod password;
pub mod phone;
mod queries;
pub mod session;
pub mod standing;
pub mod token;
