//! Every statement about products and bundles.

mod bundle;
mod product;

pub(super) use bundle::*;
pub(super) use product::*;
