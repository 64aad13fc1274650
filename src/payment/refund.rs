//! Give money back: ordered in the transaction that makes it due, then tried under one number until the provider has done it.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    charge::{notify_url, number},
    ledger::{Account, Cause, transfer},
    queries,
};
use crate::{
    app::App,
    error::{Refusal, Result},
    fact::Fact,
    id::{CaseId, ChargeId, OrderId, RefundId, ShopId},
    money::{Currency, Money},
    pay::{self, Method, RefundStanding},
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
    /// The charge that it came in by; nothing: by hand.
    pub charge: Option<ChargeId>,
    /// ISO 4217.
    pub currency: String,
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
    if wanted.completed && !wanted.extra {
        Account::Balance
    } else {
        Account::Orders
    }
}

/// Has all money that was ordered for a case arrived?
pub async fn all_arrived(tx: &mut Tx, case: CaseId) -> Result<bool> {
    queries::all_arrived(tx, case).await
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

/// Asks whoever took the money. What staff took in is given back by staff, and play money by nobody. What is under way is asked for
/// again, under the same number, until it is done.
async fn ask(app: &App, refund: &Refund) -> Result<(), String> {
    let (Some(charge), Some(method)) = (refund.charge, Method::parse(&refund.method)) else {
        return Ok(());
    };
    let provider = app.providers.by(method);
    let provider = provider.ok_or_else(|| format!("{} is not set up here", refund.method))?;
    let wanted = asked(app, refund, charge, method).map_err(|error| format!("{error:#}"))?;
    match provider.refund(&wanted).await {
        Ok(RefundStanding::Succeeded { .. }) => Ok(()),
        Ok(RefundStanding::Processing) => Err("under way".to_owned()),
        Ok(RefundStanding::Failed { reason }) => Err(reason),
        Ok(RefundStanding::Stuck) => Err("the provider could not hand it out".to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}

fn asked(app: &App, refund: &Refund, charge: ChargeId, method: Method) -> Result<pay::Refund> {
    Ok(pay::Refund {
        number: number(charge.0)?,
        refund_number: number(refund.id.0)?,
        amount: refund.amount,
        total: refund.of,
        currency: Currency::parse(&refund.currency)?,
        reason: refund.reason.clone(),
        notify_url: notify_url(app, method),
    })
}

/// A provider tells how a refund went. What it says of a refund that is not ours is passed over.
pub async fn told(app: &App, said: &pay::Refunded) -> Result<()> {
    let Ok(id) = Uuid::try_parse(said.refund_number.as_str()) else {
        return Ok(());
    };
    let refund = queries::refund(app.store.pool(), RefundId(id)).await?;
    match (refund, &said.standing) {
        (Some(refund), RefundStanding::Succeeded { .. }) => succeeded(app, &refund).await,
        _ => Ok(()),
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
