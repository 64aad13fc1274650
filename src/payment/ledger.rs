//! The ledger: amounts that move between a shop's accounts. A row takes from one and gives to another (as `TigerBeetle` has it), so what
//! all accounts hold together is always nothing.

use jiff::Timestamp;
use serde::Serialize;

use super::queries;
use crate::{
    actor::{SeeFinance, Staff},
    app::App,
    error::Result,
    id::{OrderId, RedPacketId, RefundId, UserId},
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
    /// In red packets that are open.
    Packets,
    /// What the shop owes its customers.
    Customers,
    /// What it owed its customers and has paid.
    PaidOut,
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
            Self::Packets => "packets",
            Self::Customers => "customers",
            Self::PaidOut => "paid_out",
        }
    }
}

/// Why an amount moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cause {
    pub word: &'static str,
    pub order: Option<OrderId>,
    pub refund: Option<RefundId>,
    pub red_packet: Option<RedPacketId>,
    /// Whose part of `customers` it is.
    pub customer: Option<UserId>,
}

impl Cause {
    pub(super) fn new(word: &'static str) -> Self {
        Self {
            word,
            order: None,
            refund: None,
            red_packet: None,
            customer: None,
        }
    }

    pub(super) fn order(word: &'static str, order: OrderId) -> Self {
        Self {
            order: Some(order),
            ..Self::new(word)
        }
    }

    pub(super) fn red_packet(word: &'static str, red_packet: RedPacketId) -> Self {
        Self {
            red_packet: Some(red_packet),
            ..Self::new(word)
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
    /// In red packets that are open.
    pub packets: Money,
    /// What the shop owes its customers.
    pub customers: Money,
    /// What it owed its customers and has paid so far.
    pub paid_out: Money,
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
