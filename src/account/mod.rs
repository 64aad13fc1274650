//! Who somebody is: passwords, phones, e-mail addresses, codes, tokens, and a shop's own word for its visitor.
//!
//! Each file is one thing that is parsed once at the door and trusted inside. Nothing here asks the
//! time or makes chance: both are handed in. No secret is ever printed by `Debug`.

pub mod code;
pub mod email;
pub mod embed;
pub mod hasher;
pub mod password;
pub mod phone;
pub mod token;
