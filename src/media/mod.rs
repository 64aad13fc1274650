//! Pictures, voice and files that people send.
//!
//! An upload passes three stations: `sniff` says what the bytes are (and `name` cleans what
//! they were called), `picture` makes pictures harmless and small, `shelf` keeps the bytes. Who may fetch what is
//! decided elsewhere; nothing a client sends ever becomes a path.

mod gif;
pub mod name;
pub mod picture;
pub mod shelf;
pub mod sniff;
