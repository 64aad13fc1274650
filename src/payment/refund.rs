//! Give money back: ordered in the transaction that makes it due, then tried under one number until the provider has done it.

use jiff::{SignedDuration, Timestamp};

use super::{
    ledger::{Account, Cause, transfer},
    queries,
};
use crate::{
    app::App,
    error::{Refusal, Result},
    fact::Fact,
    id::{CaseId, OrderId, RefundId, ShopId},
    money::Money,
    store::Tx,
};

/// Refunds that one round tries at most.
const ROUND: i64 = 50;
/// After so many attempts staff have to look.
const PATIENCE: i32 = 12;

/// What is to go back.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of which order.
    pub order: OrderId,
    /// For which after-sale case, if for one.
    pub case: Option<CaseId>,
    /// Minor units, above 0.
    pub amount: Money,
    /// For the provider and the books.
    pub reason: String,
    /// The order is completed: the shop pays from what it has earned.
    pub completed: bool,
    /// It was paid beyond what was owed.
    pub extra: bool,
}

/// A refund as its worker knows it.
#[derive(Clone, Debug)]
pub struct Refund {
    /// Its number, the same in every attempt.
    pub id: RefundId,
    /// In which shop.
    pub shop: ShopId,
    /// Of which order.
    pub order: OrderId,
    /// For which case.
    pub case: Option<CaseId>,
    /// How the money came in.
    pub method: String,
    /// The provider's number of the payment.
    pub transaction: String,
    /// What is to go back, in minor units.
    pub amount: Money,
    /// What was paid, in minor units.
    pub of: Money,
    /// Why.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i32,
}

/// Orders a refund, taken from the order's payments, the newest first where it was paid beyond what was owed, else the oldest. Refuses
/// with `conflict` more than was paid and is not going back already.
pub async fn order(tx: &mut Tx, wanted: &Wanted, now: Timestamp) -> Result<()> {
    let mut rest = wanted.amount;
    let payments = queries::payments(tx, wanted.order, wanted.extra).await?;
    for (payment, left) in payments {
        let part = rest.min(left);
        if part > Money::ZERO {
            let id = RefundId::new();
            queries::add_refund(tx, id, payment, part, wanted, now).await?;
            let cause = Cause::refund("refund_ordered", wanted.order, id);
            transfer(tx, source(wanted), Account::Refunds, part, &cause, now).await?;
            rest = rest.minus(part)?;
        }
    }
    if rest > Money::ZERO {
        return Err(Refusal::Conflict.into());
    }
    Ok(())
}

fn source(wanted: &Wanted) -> Account {
    match wanted.completed && !wanted.extra {
        true => Account::Balance,
        false => Account::Orders,
    }
}

/// Tries what is due, one after the other: the provider is asked outside of any transaction.
pub async fn execute(app: &App) -> Result<()> {
    let now = app.clock.now();
    for refund in queries::due_refunds(app.store.pool(), now, ROUND).await? {
        match ask(app, &refund).await {
            Ok(()) => succeeded(app, &refund).await?,
            Err(trouble) => later(app, &refund, &trouble).await?,
        }
    }
    Ok(())
}

/// Money that staff took in is given back by staff, and play money by nobody.
async fn ask(_: &App, refund: &Refund) -> Result<(), String> {
    match &refund.method[..] {
        "offline" | "sandbox" => Ok(()),
        method => Err(format!("{method} is not set up here")),
    }
}

/// The provider has done it: once, however often it says so.
pub async fn succeeded(app: &App, refund: &Refund) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin(refund.shop).await?;
    if !queries::settle_refund(&mut tx, refund.id, now).await? {
        return Ok(());
    }
    let cause = Cause::refund("refunded", refund.order, refund.id);
    transfer(
        &mut tx,
        Account::Refunds,
        Account::Provider,
        refund.amount,
        &cause,
        now,
    )
    .await?;
    let fact = Fact::RefundSucceeded {
        refund_id: refund.id,
        order_id: refund.order,
        case_id: refund.case,
        amount: refund.amount.in_minor(),
    };
    tx.remember(&fact, now).await?;
    tx.commit().await
}

/// Again after a pause that doubles from a minute to half a day.
async fn later(app: &App, refund: &Refund, trouble: &str) -> Result<()> {
    let now = app.clock.now();
    let attempts = refund.attempts + 1;
    let pause = SignedDuration::from_mins(1 << attempts.clamp(0, 9));
    let mut tx = app.store.begin(refund.shop).await?;
    let stuck = attempts >= PATIENCE;
    queries::postpone_refund(&mut tx, refund.id, trouble, stuck, now + pause).await?;
    if stuck {
        let fact = Fact::RefundStuck {
            refund_id: refund.id,
            order_id: refund.order,
            case_id: refund.case,
        };
        tx.remember(&fact, now).await?;
    }
    tx.commit().await
}
