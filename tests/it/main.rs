//! Stories about people, in one binary, against real services.

mod accept;
mod conversation;
mod private_postgres;
mod support;
