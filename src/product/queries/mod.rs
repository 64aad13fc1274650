//! Every statement about products and bundles.

mod bundle;
mod product;
mod shelf;

pub(super) use bundle::*;
pub(super) use product::*;
pub(super) use shelf::*;
