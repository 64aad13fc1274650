//! Every statement about red packets.

pub(super) mod books;
mod due;
mod packet;
mod take;

pub(super) use due::*;
pub(super) use packet::*;
pub(super) use take::*;
