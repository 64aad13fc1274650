//! Pictures, voice and files that people send.
//!
//! An upload passes three stations: `sniff` says what the bytes are and cleans the name they came
//! with, `picture` makes pictures harmless and small, `shelf` keeps the bytes. Who may fetch what is
//! decided elsewhere; nothing a client sends ever becomes a path.

mod gif;
pub mod picture;
pub mod shelf;
pub mod sniff;
