//! The ledger: amounts that move between a shop's accounts. A row takes from one and gives to another (as `TigerBeetle` has it), so what
//! all accounts hold together is always nothing.

use jiff::Timestamp;
use serde::Serialize;

use super::queries;
use crate::{
    actor::{SeeFinance, Staff},
    app::App,
    error::Result,
    id::{OrderId, RefundId},
    money::Money,
    store::Tx,
};

/// Where money is, or whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// What the providers hold for us; below zero by all that came in.
    Provider,
    /// Customers' money for orders under way.
    Orders,
    /// On its way back.
    Refunds,
    /// Earned, credited the next day.
    Tomorrow,
    /// The shop's own.
    Balance,
    /// Paid out.
    Withdrawn,
}

impl Account {
    /// As the database has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Orders => "orders",
            Self::Refunds => "refunds",
            Self::Tomorrow => "tomorrow",
            Self::Balance => "balance",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Why an amount moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cause {
    pub word: &'static str,
    pub order: Option<OrderId>,
    pub refund: Option<RefundId>,
}

impl Cause {
    pub(super) fn order(word: &'static str, order: OrderId) -> Self {
        Self {
            word,
            order: Some(order),
            refund: None,
        }
    }

    pub(super) fn refund(word: &'static str, order: OrderId, refund: RefundId) -> Self {
        Self {
            refund: Some(refund),
            ..Self::order(word, order)
        }
    }
}

/// Moves an amount; nothing moves nothing.
pub(super) async fn transfer(
    tx: &mut Tx,
    from: Account,
    to: Account,
    amount: Money,
    cause: &Cause,
    now: Timestamp,
) -> Result<()> {
    if amount == Money::ZERO {
        return Ok(());
    }
    queries::transfer(tx, (from, to), amount, cause, now).await
}

/// What a shop's accounts hold, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Balances {
    /// Customers' money for orders under way.
    pub orders: Money,
    /// On its way back to customers.
    pub refunds: Money,
    /// Earned, credited the next day.
    pub tomorrow: Money,
    /// The shop's own; below zero after refunds beyond it.
    pub balance: Money,
    /// Paid out so far.
    pub withdrawn: Money,
}

/// Adds what has moved since the last time to the running totals, so that a balance is read from these and a few entries, however old the
/// shop is. While it does nothing moves, for as long as adding up a round's entries takes.
pub async fn fold(app: &App) -> Result<()> {
    let mut tx = app.store.begin_people().await?;
    queries::fold(&mut tx).await?;
    tx.commit().await
}

/// What the shop has (STAFF-05).
pub async fn balances(app: &App, by: &Staff<SeeFinance>) -> Result<Balances> {
    let mut tx = app.store.begin(by.shop).await?;
    queries::balances(&mut tx).await
}
