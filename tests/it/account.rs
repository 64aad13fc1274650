//! Accounts: registering, logging in, staying logged in, leaving.

mod embed;
mod ending;
mod framing;
mod gateway;
mod log_in;
mod me;
mod once;
mod refresh;
mod register;
