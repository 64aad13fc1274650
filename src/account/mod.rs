//! Who somebody is: accounts, log-ins, devices, sessions, and the tickets that open sockets.

mod queries;
pub mod session;
