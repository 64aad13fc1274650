//! Every statement about endpoints, deliveries and attempts.

mod courier;
mod endpoint;
mod history;

pub(super) use courier::{Due, Record, fan_out, lock, record, settle, switch_off_gone, take};
pub(super) use endpoint::{
    add, change, failing_since, list, lock_shop, one, remember_what_is_wanted, remove, reseal,
    rotate, scopes, sealed_otherwise, switch_off_failing,
};
pub(super) use history::{add_test, attempts, deliveries, delivery, forget, replay};
