//! People not on the line: REST under `/api/v1`, and what operators ask for.
//!
//! [`router`] is the table of routes, [`permit`] turns a request into an actor, [`reply`] turns a result into a status
//! and a body. What a route does is a verb of its noun.

pub mod body;
pub mod conversation;
pub mod file;
pub mod health;
pub mod permit;
pub mod reply;
pub mod router;
pub mod session;
