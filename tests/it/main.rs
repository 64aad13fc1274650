//! Stories about people and their connections, in one binary.

mod accept;
