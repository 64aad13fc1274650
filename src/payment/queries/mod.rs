//! Every statement about money.

mod books;
mod charge;
mod ledger;
mod owed;
mod payment;
mod refund;
mod settlement;

pub(super) use books::*;
pub(super) use charge::*;
pub(super) use ledger::*;
pub(super) use owed::*;
pub(super) use payment::*;
pub(super) use refund::*;
pub(super) use settlement::*;
