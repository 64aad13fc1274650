//! Every statement about codes: one file each for what there are many of.

pub(super) mod code;
pub(super) mod forget;
pub(super) mod limit;
