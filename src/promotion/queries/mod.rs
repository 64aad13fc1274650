//! Every statement about promotions.

mod books;
mod gift;
mod row;
mod running;

pub(super) use books::*;
pub(super) use gift::*;
pub(super) use row::*;
pub(super) use running::*;
