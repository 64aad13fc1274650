//! How goods come to customers: who brings them, what that costs.

pub mod carriers;
pub mod freight;
mod queries;
