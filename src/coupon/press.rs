//! Press on the card of a gift. Hundreds do at once, and all want the same row: so whoever presses while others are served is served with
//! the next batch, in one work. The gift's row is held first and decides: as many as it has left are granted, in the order in which they came.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use anyhow::anyhow;
use jiff::Timestamp;
use proto::CouponSource;
use tokio::{sync::oneshot, time::Instant};

use super::{
    Coupon, Gift, Template,
    claim::{Claim, Claimant, Put, put_into_wallets},
    eligible::Known,
    picture, queries,
};
use crate::{
    actor::{Actor, Customer},
    app::App,
    conversation::seat,
    error::{Error, Refusal, Result, refused_until},
    id::{GiftId, ShopId, UserId},
    store::{
        Tx,
        once::{self, Execution, ExecutionId},
    },
    together::{Service, Together},
};

/// After this time in the line nobody is served any more: the gift's row does not come free, and clients have given up.
const PATIENCE: Duration = Duration::from_secs(9);
/// When to try again then.
const SOON: Duration = Duration::from_secs(1);

/// Who press on which gift, on this node.
pub type Presses = Together<GiftId, Press>;

/// One who presses.
#[derive(Debug)]
pub struct Press {
    customer: Actor,
    /// The try that this is, where the request has an idempotency key.
    execution: Option<Execution>,
    since: Instant,
    answer: oneshot::Sender<Result<Coupon>>,
}

/// Claims one of a gift, from its card. Pressing twice gives the same coupon. Refuses with `coupon_sold_out` when all are claimed, with
/// `coupon_not_now`, `coupon_limit_reached`, `coupon_device_limit`, `coupon_not_eligible`, `coupon_trial_only`, `banned`, `not_a_member`,
/// `not_found`; with `overloaded` when too many wait, and with `conflict` what is worth another try.
pub async fn press(app: &App, customer: &Customer, gift: GiftId) -> Result<Coupon> {
    app.sends.take(customer.0.user)?;
    let (answer, answered) = oneshot::channel();
    let press = Press {
        customer: customer.0.clone(),
        execution: once::current(),
        since: Instant::now(),
        answer,
    };
    if let Some(service) = app.presses.ask(gift, press)? {
        app.tasks.spawn_in_office(serve(app.clone(), gift, service));
    }
    let answered = answered.await;
    answered.map_err(|_| anyhow!("a batch of presses was dropped"))?
}

async fn serve(app: App, gift: GiftId, mut service: Service<GiftId, Press>) {
    while let Some(presses) = service.next_batch() {
        let (late, mut presses): (Vec<_>, _) = presses
            .into_iter()
            .partition(|press| press.since.elapsed() > PATIENCE);
        refuse(late, &refused_until(Refusal::Overloaded, SOON));
        while !presses.is_empty() {
            let (once, again) = each_once(presses);
            answer(&app, gift, once).await;
            presses = again;
        }
    }
}

/// Who presses twice at once is served twice: the second time they have one.
fn each_once(presses: Vec<Press>) -> (Vec<Press>, Vec<Press>) {
    let mut seen = HashSet::with_capacity(presses.len());
    let first = |press: &Press| seen.insert(press.customer.user);
    presses.into_iter().partition(first)
}

/// Serves each of them. Those whose key somebody else is just executing hear so, and the others are served without them. A batch that waited in
/// vain for somebody's row, or in a circle, is served once more: one person's rows must not be everybody's refusal. Should it have been committed
/// all the same, each has their coupon already.
async fn answer(app: &App, gift: GiftId, mut presses: Vec<Press>) {
    let mut again = true;
    while !presses.is_empty() {
        match grant(app, gift, &presses).await {
            Ok(Served::All(answers)) => {
                for (press, said) in presses.into_iter().zip(answers) {
                    _ = press.answer.send(said);
                }
                return;
            }
            Ok(Served::Late(late)) => {
                let is_late = |press: &Press| {
                    let execution = press.execution.as_ref();
                    execution.is_some_and(|execution| late.contains(&execution.id()))
                };
                let (slow, rest) = presses.into_iter().partition(is_late);
                refuse(slow, &Refusal::Conflict.into());
                presses = rest;
            }
            Err(error) if again && error.refusal() == Some(Refusal::Unavailable) => again = false,
            Err(error) => return refuse(presses, &error),
        }
    }
}

fn refuse(presses: Vec<Press>, why: &Error) {
    for press in presses {
        let why = match why {
            Error::Refused(reason) => Error::Refused(reason.clone()),
            Error::Broken(error) => Error::Broken(anyhow!("{error:#}")),
        };
        _ = press.answer.send(Err(why));
    }
}

/// What became of a batch.
enum Served {
    /// The answer of each.
    All(Vec<Result<Coupon>>),
    /// Nothing has happened: other executions of these keys were faster.
    Late(Vec<ExecutionId>),
}

/// One work for all of them.
async fn grant(app: &App, gift: GiftId, presses: &[Press]) -> Result<Served> {
    let shop = queries::shop_of_gift(app.store.pool(), gift).await?;
    let shop = shop.ok_or(Refusal::NotFound)?;
    let now = app.clock.now();
    let mut tx = app.store.begin(shop).await?;
    let counter = Counter::open(&mut tx, gift, presses, now).await?;
    let mut answers: Vec<Result<Coupon>> = presses
        .iter()
        .map(|press| counter.judge(&press.customer))
        .collect();
    let granted = put(&mut tx, &counter, presses, &mut answers).await?;
    if granted.is_empty() {
        return Ok(Served::All(answers));
    }
    let late = note(&mut tx, &counter, &granted).await?;
    if !late.is_empty() {
        return Ok(Served::Late(late));
    }
    let pieces = i64::try_from(granted.len()).map_err(anyhow::Error::from)?;
    if !queries::take_of_gift(&mut tx, gift, pieces, now).await? {
        return Err(Refusal::Conflict.into());
    }
    tx.commit().await?;
    picture::freshen_soon(app, shop, &counter.gift);
    Ok(Served::All(answers))
}

/// Who has got one now.
struct Granted<'a> {
    press: &'a Press,
    coupon: Coupon,
}

/// Puts new coupons into the wallets of those who may have one, as many as there are; the others' answers say why not.
async fn put<'a>(
    tx: &mut Tx,
    counter: &Counter,
    presses: &'a [Press],
    answers: &mut [Result<Coupon>],
) -> Result<Vec<Granted<'a>>> {
    let (mut places, mut claims) = (vec![], vec![]);
    for (place, (press, answer)) in presses.iter().zip(answers.iter()).enumerate() {
        match answer {
            Ok(coupon) if !counter.has.contains_key(&press.customer.user) => {
                places.push(place);
                claims.push(Claim {
                    coupon: coupon.clone(),
                    claimant: Claimant::of(&press.customer),
                });
            }
            _ => {}
        }
    }
    let most = usize::try_from(counter.gift.left()).unwrap_or_default();
    let of = (Some(counter.gift.id), most);
    let put = put_into_wallets(tx, &counter.template, &claims, of).await?;
    let mut granted = vec![];
    for ((place, claim), put) in places.into_iter().zip(claims).zip(put) {
        match put {
            Put::In => granted.push(Granted {
                press: &presses[place],
                coupon: claim.coupon,
            }),
            Put::NoneLeft => answers[place] = Err(Refusal::CouponSoldOut.into()),
            Put::HadOne => answers[place] = Err(Refusal::Conflict.into()),
            Put::Not(why) => answers[place] = Err(why.into()),
        }
    }
    Ok(granted)
}

/// Notes which tries have an effect, and what the business remembers. Gives the tries that come too late.
async fn note(tx: &mut Tx, counter: &Counter, granted: &[Granted<'_>]) -> Result<Vec<ExecutionId>> {
    let executions = granted.iter().filter_map(|one| one.press.execution.clone());
    let late = tx.mark_each(executions.collect()).await?;
    if !late.is_empty() {
        return Ok(late);
    }
    let claimed = granted.iter().map(|one| {
        let customer = one.press.customer.user;
        one.coupon.claimed(customer, Some(counter.gift.id))
    });
    tx.remember_all(&claimed.collect::<Vec<_>>(), counter.now)
        .await?;
    Ok(late)
}

/// What there is to know about a gift and those who press.
struct Counter {
    shop: ShopId,
    now: Timestamp,
    gift: Gift,
    template: Template,
    /// Who takes part in the conversation: still, or did.
    seats: HashMap<UserId, bool>,
    has: HashMap<UserId, Coupon>,
    known: HashMap<UserId, Known>,
}

impl Counter {
    /// Holds the gift, unless nothing can be claimed of it any more, and looks everything up.
    async fn open(tx: &mut Tx, gift: GiftId, presses: &[Press], now: Timestamp) -> Result<Self> {
        let people: Vec<UserId> = presses.iter().map(|press| press.customer.user).collect();
        let mut found = queries::gift(tx, gift).await?;
        if found
            .as_ref()
            .is_some_and(|gift| gift.claimable_now(now).is_ok())
        {
            queries::hold_gift(tx, gift).await?;
            found = queries::gift(tx, gift).await?;
        }
        let gift = found.ok_or(Refusal::NotFound)?;
        let template = queries::template(tx, gift.template_id).await?;
        let template = template.ok_or(Refusal::NotFound)?.passed_on();
        Ok(Self {
            shop: tx.shop()?,
            now,
            seats: seat::taking_part(tx.sql(), gift.conversation_id, &people).await?,
            has: queries::coupons_of_gift(tx, gift.id, &people).await?,
            known: queries::known(tx, template.id, &people).await?,
            gift,
            template,
        })
    }

    /// The coupon that they have, or one that they may have.
    fn judge(&self, customer: &Actor) -> Result<Coupon> {
        match self.seats.get(&customer.user) {
            None => return Err(Refusal::NotFound.into()),
            Some(false) => return Err(Refusal::NotAMember.into()),
            Some(true) => {}
        }
        if let Some(coupon) = self.has.get(&customer.user) {
            return Ok(coupon.clone().at(self.now));
        }
        let known = self.known.get(&customer.user).copied();
        self.gift.claimable_now(self.now)?;
        self.template
            .givable_to(&known.unwrap_or_default(), self.now)?;
        Ok(self
            .template
            .coupon(self.shop, CouponSource::Gift, self.now))
    }
}
