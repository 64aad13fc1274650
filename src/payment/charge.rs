//! Ask a provider to take money for an order, and hear whether it has: by its notice, or by asking when none came.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Paid, queries};
use crate::{
    app::App,
    error::{Refusal, Result},
    id::{ChargeId, OrderId, ShopId},
    money::{Currency, Money},
    pay::{self, Closing, Method, Number, Payable, Standing},
    store::Tx,
};

/// Charges that one round asks after at most.
const ROUND: i64 = 50;
/// A provider is asked after this long without a notice, and then every so often.
const SILENCE: SignedDuration = SignedDuration::from_mins(2);
/// After its end a charge is asked after for so long: a notice may have been lost just then.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(1);

/// What a provider was asked to take.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Without dashes, its number at the provider.
    pub id: ChargeId,
    /// In which shop.
    pub shop: ShopId,
    /// For which order.
    pub order: OrderId,
    /// By whom.
    pub method: Method,
    /// How much, in minor units.
    pub amount: Money,
    /// ISO 4217.
    pub currency: String,
    /// From then on nobody can pay it.
    pub expires_at: Timestamp,
    /// Its order has ended.
    pub over: bool,
}

impl Charge {
    /// Its number at the provider.
    pub fn number(&self) -> Result<Number> {
        number(self.id.0)
    }
}

impl Charge {
    /// Until it is asked after again when nobody answers. One that is over for long is not asked after all the time: its provider may not be set
    /// up here any more.
    fn pause(&self, now: Timestamp) -> SignedDuration {
        SILENCE.max(now.duration_since(self.expires_at) / 4)
    }
}

/// A UUID as providers take numbers.
pub(super) fn number(id: Uuid) -> Result<Number> {
    let number = Number::parse(&id.simple().to_string());
    Ok(number.ok_or_else(|| anyhow::anyhow!("a UUID is no number"))?)
}

/// The charge for this sum of the order, the one that is open or a new one.
pub async fn begin(tx: &mut Tx, wanted: &Charge, now: Timestamp) -> Result<Charge> {
    if let Some(open) = queries::open_charge(tx, wanted, now).await? {
        return Ok(open);
    }
    queries::add_charge(tx, wanted, now, now + SILENCE).await?;
    Ok(wanted.clone())
}

/// Asks the provider for it; asking twice is the same charge. Refuses with `not_found` a method that is not set up, with
/// `outcome_unknown` and `unavailable` as the provider does.
pub async fn ask(app: &App, charge: &Charge, description: &str) -> Result<Payable> {
    let provider = app.providers.by(charge.method).ok_or(Refusal::NotFound)?;
    let wanted = pay::Charge {
        number: charge.number()?,
        amount: charge.amount,
        currency: Currency::parse(&charge.currency)?,
        description: description.to_owned(),
        notify_url: notify_url(app, charge.method),
        expires_at: charge.expires_at,
    };
    Ok(provider.charge(&wanted).await?)
}

/// Where a provider tells how it went.
pub(super) fn notify_url(app: &App, method: Method) -> String {
    format!(
        "{}/api/v1/payments/{}/notices",
        app.config.public_url(),
        method.word()
    )
}

/// The charge that a provider's number names, of whatever shop: what is told is believed only with its signature.
pub async fn by_number(app: &App, number: &Number) -> Result<Option<Charge>> {
    match Uuid::try_parse(number.as_str()) {
        Ok(id) => queries::charge(app.store.pool(), ChargeId(id)).await,
        Err(_) => Ok(None),
    }
}

/// A payment as the books have it.
pub fn paid(charge: &Charge, said: &pay::Paid) -> Paid {
    Paid {
        order: charge.order,
        method: charge.method.word().to_owned(),
        charge: Some(charge.id),
        transaction: said.transaction_id.clone(),
        amount: said.amount,
        at: said.paid_at,
    }
}

/// Asks after charges of which nothing was heard for too long, and closes those of orders that have ended. Gives those that were paid,
/// with what the provider says; the others are asked after again later, or are over.
pub async fn unheard(app: &App) -> Result<Vec<(Charge, pay::Paid)>> {
    let mut paid = vec![];
    for charge in queries::silent_charges(app.store.pool(), app.clock.now(), ROUND).await? {
        if let Some(said) = ask_after(app, &charge).await? {
            paid.push((charge, said));
        }
    }
    Ok(paid)
}

async fn ask_after(app: &App, charge: &Charge) -> Result<Option<pay::Paid>> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    match standing(app, charge).await {
        Ok(Some(Standing::Paid(said))) => return Ok(Some(said)),
        Ok(Some(Standing::Closed)) => queries::close_charge(pool, charge.id).await?,
        Ok(_) if charge.expires_at + AFTERMATH < now => {
            queries::close_charge(pool, charge.id).await?;
        }
        Ok(_) => queries::ask_later(pool, charge.id, now + SILENCE).await?,
        Err(error) => {
            tracing::info!(error = format!("{error:#}"), charge = %charge.id, "a charge is asked after later");
            queries::ask_later(pool, charge.id, now + charge.pause(now)).await?;
        }
    }
    Ok(None)
}

/// How it stands; of an order that has ended, nobody shall pay it any more. What is paid all the same is given back by staff.
async fn standing(app: &App, charge: &Charge) -> Result<Option<Standing>> {
    let provider = app.providers.by(charge.method).ok_or(Refusal::NotFound)?;
    let number = charge.number()?;
    if charge.over && provider.close(&number).await? == Closing::Closed {
        return Ok(Some(Standing::Closed));
    }
    Ok(provider.query(&number).await?)
}
