//! Money: what came in for orders, what goes back, and whose it is.
//!
//! Every amount moves in the ledger from one account to another, so the books balance by their shape ([`ledger`]). A payment is heard
//! once, by the provider's own number; a refund is one row that is tried until the provider has done it ([`refund`]); what a completed
//! order earns is the shop's on the next day ([`settle`]).

pub mod books;
pub mod charge;
pub mod ledger;
pub mod owed;
mod queries;
pub mod refund;
pub mod settle;
pub mod withdraw;

use jiff::Timestamp;

use self::ledger::Account;
use crate::{
    error::Result,
    id::{ChargeId, OrderId},
    money::Money,
    store::Tx,
};

/// Money that came in.
#[derive(Clone, Debug)]
pub struct Paid {
    /// For which order.
    pub order: OrderId,
    /// `wechat`, `alipay`, `offline` or `sandbox`.
    pub method: String,
    /// The charge that it pays, if a provider took it.
    pub charge: Option<ChargeId>,
    /// The provider's number for it, 1 to 128 characters.
    pub transaction: String,
    /// Minor units, above 0.
    pub amount: Money,
    /// When it was paid.
    pub at: Timestamp,
}

/// All that came in and went back for an order, for evidence.
pub async fn of_order(tx: &mut Tx, order: OrderId) -> Result<serde_json::Value> {
    queries::of_order(tx, order).await
}

/// Writes down a payment of an order of the shop. `false`: it was heard of before, and nothing is done.
pub async fn record(tx: &mut Tx, paid: &Paid, now: Timestamp) -> Result<bool> {
    if !queries::add_payment(tx, paid, now).await? {
        return Ok(false);
    }
    let cause = ledger::Cause::order("paid", paid.order);
    ledger::transfer(
        tx,
        Account::Provider,
        Account::Orders,
        paid.amount,
        &cause,
        now,
    )
    .await?;
    Ok(true)
}
