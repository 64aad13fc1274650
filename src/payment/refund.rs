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
    error::{Refusal, Result, Round},
    fact::Fact,
    id::{CaseId, ChargeId, OrderId, RefundId, ShopId},
    money::{Currency, Money},
    pay::{self, Method, RefundStanding},
    store::Tx,
};

/// Refunds that one round tries at most.
const ROUND: i64 = 50;
/// After so many attempts staff have to look. It is tried on all the same, twice a day: most often the merchant's account at the provider
/// was empty, and is filled some day.
const PATIENCE: i32 = 12;
/// Between two attempts when staff have to look.
const HALF_A_DAY: SignedDuration = SignedDuration::from_hours(12);

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
    let mut round = Round::default();
    for refund in queries::due_refunds(app.store.pool(), now, ROUND).await? {
        let tried = match ask(app, &refund).await {
            Ok(()) => succeeded(app, &refund).await,
            Err(trouble) => later(app, &refund, &trouble).await,
        };
        round.note(tried)?;
    }
    round.end()
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

/// A provider tells how a refund went. What it says of a refund that is not ours is passed over; what does not fit the refund of this number
/// (another provider's, another payment's, another amount) is not believed.
pub async fn told(app: &App, by: Method, said: &pay::Refunded) -> Result<()> {
    let Ok(id) = Uuid::try_parse(said.refund_number.as_str()) else {
        return Ok(());
    };
    let Some(refund) = queries::refund(app.store.pool(), RefundId(id)).await? else {
        return Ok(());
    };
    if !refund.fits(by, said)? {
        tracing::warn!(refund = %refund.id, "a provider tells of this refund what does not fit it");
        return Err(Refusal::Conflict.into());
    }
    match said.standing {
        RefundStanding::Succeeded { .. } => succeeded(app, &refund).await,
        _ => Ok(()),
    }
}

impl Refund {
    /// Is it what this provider speaks of?
    fn fits(&self, by: Method, said: &pay::Refunded) -> Result<bool> {
        let Some(charge) = self.charge else {
            return Ok(false);
        };
        let amount = said.amount.is_none_or(|amount| amount == self.amount);
        Ok(self.method == by.word() && number(charge.0)? == said.number && amount)
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

/// Again after a pause that doubles from two minutes to half a day. Staff hear of it once.
async fn later(app: &App, refund: &Refund, trouble: &str) -> Result<()> {
    let now = app.clock.now();
    let attempts = refund.attempts + 1;
    let stuck = attempts >= PATIENCE;
    let pause = if stuck {
        HALF_A_DAY
    } else {
        SignedDuration::from_mins(1 << attempts.clamp(0, 9))
    };
    let mut tx = app.store.begin(refund.shop).await?;
    let waits = queries::postpone_refund(&mut tx, refund, trouble, stuck, now + pause).await?;
    if waits && attempts == PATIENCE {
        let fact = Fact::RefundStuck {
            refund_id: refund.id,
            order_id: refund.order,
            case_id: refund.case,
        };
        tx.remember(&fact, now).await?;
    }
    tx.commit().await
}

/// Staff are to hear that it is stuck. `false`: they have heard, or it has arrived meanwhile.
pub async fn tell_stuck(tx: &mut Tx, refund: RefundId, now: Timestamp) -> Result<bool> {
    queries::tell_stuck(tx, refund, now).await
}
