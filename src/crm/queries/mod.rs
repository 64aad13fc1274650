//! Every statement about a shop's customers. What they ordered is read in `purchases`, a view of `orders`, whose noun knows this
//! one and not the other way round.

mod contact;
mod follow_up;
mod keep;
mod profile;
mod segment;
mod tag;

pub(super) use self::{contact::*, follow_up::*, keep::*, profile::*, segment::*, tag::*};
