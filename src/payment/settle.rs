//! What a completed order earns is the shop's own on the next day (T+1, PAY-04).

use jiff::Timestamp;

use super::{
    ledger::{Account, Cause, transfer},
    queries,
};
use crate::{
    app::App,
    error::{Result, Round},
    id::{OrderId, ShopId},
    money::Money,
    store::Tx,
};

/// Settlements that one round credits at most.
const ROUND: i64 = 500;

/// The order is fulfilled: from now on its money is earned. A second time does nothing.
pub async fn completed(tx: &mut Tx, order: OrderId, earned: Money, now: Timestamp) -> Result<()> {
    if earned > Money::ZERO && queries::add_settlement(tx, order, earned, now).await? {
        let cause = Cause::order("completed", order);
        transfer(tx, Account::Orders, Account::Tomorrow, earned, &cause, now).await?;
    }
    Ok(())
}

/// Credits what was earned on a day that is over in its shop, each once.
pub async fn credit_yesterday(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut round = Round::default();
    for (shop, order) in queries::to_be_credited(app.store.pool(), now, ROUND).await? {
        round.note(credit(app, shop, order, now).await)?;
    }
    round.end()
}

async fn credit(app: &App, shop: ShopId, order: OrderId, now: Timestamp) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let Some(amount) = queries::credit(&mut tx, order, now).await? else {
        return Ok(());
    };
    let cause = Cause::order("credited", order);
    let (from, to) = (Account::Tomorrow, Account::Balance);
    transfer(&mut tx, from, to, amount, &cause, now).await?;
    tx.commit().await
}
