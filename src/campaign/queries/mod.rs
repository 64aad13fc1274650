//! Every statement about campaigns.

mod campaign;
mod group;
mod recipient;
mod report;
mod rules;

pub(super) use self::{campaign::*, group::*, recipient::*, report::*, rules::*};
