//! What is set aside for a shop's customers, and what it owes each of them. The balance in the ledger goes into a red packet, and out of it
//! to whoever takes a share; what nobody takes goes back.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    ledger::{Account, Cause, transfer},
    queries,
};
use crate::{
    app::App,
    error::{Refusal, Result},
    id::{RedPacketId, ShopId, UserId},
    money::Money,
    store::{Tx, page},
};

/// What a shop owes a customer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerBalance {
    /// Whom.
    pub customer_id: UserId,
    /// As others see them.
    pub name: String,
    /// Minor units, above 0.
    pub amount: Money,
}

/// What one's shops owe one: with which, how much.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MyBalance {
    /// Which shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// ISO 4217.
    pub currency: String,
    /// Minor units, above 0.
    pub amount: Money,
}

/// Puts an amount of the shop's balance into a red packet. Whoever calls holds the shop's rights alone, so that nobody else takes from the
/// balance meanwhile. Refuses with `balance_too_low`.
pub async fn set_aside(
    tx: &mut Tx,
    red_packet: RedPacketId,
    amount: Money,
    now: Timestamp,
) -> Result<()> {
    if queries::balances(tx).await?.balance < amount {
        return Err(Refusal::BalanceTooLow.into());
    }
    let cause = Cause::red_packet("red_packet_sent", red_packet);
    transfer(tx, Account::Balance, Account::Packets, amount, &cause, now).await
}

/// A customer has taken so much out of a red packet: the shop owes it to them.
pub async fn owe(
    tx: &mut Tx,
    red_packet: RedPacketId,
    (customer, amount): (UserId, Money),
    now: Timestamp,
) -> Result<()> {
    let cause = Cause {
        customer: Some(customer),
        ..Cause::red_packet("red_packet_taken", red_packet)
    };
    transfer(
        tx,
        Account::Packets,
        Account::Customers,
        amount,
        &cause,
        now,
    )
    .await?;
    queries::owe(tx, customer, amount).await
}

/// What nobody took out of a red packet is the shop's again.
pub async fn give_back(
    tx: &mut Tx,
    red_packet: RedPacketId,
    rest: Money,
    now: Timestamp,
) -> Result<()> {
    let cause = Cause::red_packet("red_packet_returned", red_packet);
    transfer(tx, Account::Packets, Account::Balance, rest, &cause, now).await
}

/// The shop has paid a customer so much of what it owes them. Gives what it still owes. Refuses with `balance_too_low` more than that.
pub async fn pay_out(
    tx: &mut Tx,
    customer: UserId,
    amount: Money,
    now: Timestamp,
) -> Result<Money> {
    let left = queries::pay_out(tx, customer, amount).await?;
    let left = left.ok_or(Refusal::BalanceTooLow)?;
    let cause = Cause {
        customer: Some(customer),
        ..Cause::new("customer_paid")
    };
    transfer(
        tx,
        Account::Customers,
        Account::PaidOut,
        amount,
        &cause,
        now,
    )
    .await?;
    Ok(left)
}

/// A page of whom the shop owes something, by their ids, and where the next one begins. Refuses a bad cursor or limit (1 to 100, 0 means 30) with
/// `invalid_argument`.
pub async fn of_shop(
    tx: &mut Tx,
    cursor: &str,
    limit: u32,
) -> Result<(Vec<CustomerBalance>, String)> {
    let limit = page::limit(limit, 30, 100)?;
    let after: Option<UserId> = page::after(cursor)?;
    let mut owed = queries::owed(tx, after, limit + 1).await?;
    let next = page::next(&mut owed, limit, |last| last.customer_id);
    Ok((owed, next))
}

/// The same of one customer, by their shops.
pub async fn to_customer(
    app: &App,
    (customer, home): (UserId, Option<ShopId>),
    cursor: &str,
    limit: u32,
) -> Result<(Vec<MyBalance>, String)> {
    let limit = page::limit(limit, 30, 100)?;
    let after: Option<ShopId> = page::after(cursor)?;
    let mut owed = queries::owed_to(app.store.pool(), (customer, home), after, limit + 1).await?;
    let next = page::next(&mut owed, limit, |last| last.shop_id);
    Ok((owed, next))
}
