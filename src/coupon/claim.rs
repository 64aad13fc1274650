//! Claim a coupon: in the shop, or from a gift in a chat. One statement decides, and its number of rows is the answer.
//!
//! The coupon's own row comes first, for its unique names decide who has had how many; the row that everybody wants comes last,
//! so that it is held for the commit only. Whatever is refused takes the coupon's row with it.

use jiff::Timestamp;
use proto::{CouponSource, CouponState, CouponTemplateState};

use super::{
    Coupon, Gift, Template,
    list::require_at_home,
    picture,
    queries::{self, Seats},
    task,
    terms::Eligibility,
};
use crate::{
    actor::{Actor, Customer},
    app::App,
    conversation::seat::seat,
    error::{Refusal, Result},
    fact::Fact,
    id::{CouponId, CouponTemplateId, GiftId, ShopId, UserId},
    store::Tx,
};

/// Two claims of one person at once: the one that was slower looks again, so often at most.
const LOOKS: usize = 8;

/// Claims one in the shop. Refuses with `coupon_sold_out`, `coupon_budget_spent`, `coupon_not_now`, `coupon_limit_reached`,
/// `coupon_device_limit`, `coupon_not_eligible`, `coupon_trial_only`, `coupon_task_open`, `banned`, `not_found`.
pub async fn in_shop(
    app: &App,
    customer: &Customer,
    shop: ShopId,
    template: CouponTemplateId,
) -> Result<Coupon> {
    require_at_home(&customer.0, shop)?;
    app.sends.take(customer.0.user)?;
    let mut tx = app.store.begin(shop).await?;
    let source = CouponSource::Shop;
    let coupon = one_of_template(app, &mut tx, &customer.0, template, source).await?;
    tx.commit().await?;
    Ok(coupon)
}

/// The same in a work that goes on.
pub(super) async fn one_of_template(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    template: CouponTemplateId,
    source: CouponSource,
) -> Result<Coupon> {
    let now = app.clock.now();
    let template = queries::template(tx, template).await?;
    let template = template.ok_or(Refusal::NotFound)?;
    let known = queries::known(tx, template.id, actor.user).await?;
    template.claimable_by(&known, now)?;
    task::require_done(tx, &template, actor.user, now).await?;
    let coupon = template.coupon(tx.shop()?, source, now);
    let claimant = Claimant::of(actor);
    put_into_wallet(tx, &template, &coupon, claimant, None).await?;
    remember(tx, &coupon, actor.user, None, now).await?;
    tx.mark().await?;
    take(tx, &template, Seats::Claimed(1), now).await?;
    Ok(coupon)
}

/// Claims one of a gift, from its card. Pressing twice gives the same coupon. Refuses as [`in_shop`] does, with `coupon_sold_out` when all are
/// claimed, and with `not_a_member`.
pub async fn from_gift(app: &App, customer: &Customer, gift: GiftId) -> Result<Coupon> {
    let Customer(actor) = customer;
    let shop = queries::shop_of_gift(app.store.pool(), gift).await?;
    let shop = shop.ok_or(Refusal::NotFound)?;
    app.sends.take(actor.user)?;
    let now = app.clock.now();
    let mut tx = app.store.begin(shop).await?;
    let gift = queries::gift(&mut tx, gift).await?;
    let gift = gift.ok_or(Refusal::NotFound)?;
    seat(tx.sql(), actor, gift.conversation_id)
        .await?
        .require_present()?;
    if let Some(coupon) = queries::coupon_of_gift(&mut tx, gift.id, actor.user).await? {
        return Ok(coupon.at(now));
    }
    let template = queries::template(&mut tx, gift.template_id).await?;
    let template = template.ok_or(Refusal::NotFound)?;
    let known = queries::known(&mut tx, template.id, actor.user).await?;
    gift.claimable_now(now)?;
    template.passed_on().givable_to(&known, now)?;
    let coupon = template.coupon(shop, CouponSource::Gift, now);
    let claimant = Claimant::of(actor);
    if !put_into_wallet(&mut tx, &template, &coupon, claimant, Some(gift.id)).await? {
        let coupon = queries::coupon_of_gift(&mut tx, gift.id, actor.user).await?;
        return Ok(coupon.ok_or(Refusal::Conflict)?);
    }
    remember(&mut tx, &coupon, actor.user, Some(gift.id), now).await?;
    tx.mark().await?;
    if !queries::take_one(&mut tx, gift.id, now).await? {
        let gift = queries::gift(&mut tx, gift.id).await?;
        return Err(gift.map_or(Refusal::NotFound, |gift| gift.why_not()).into());
    }
    tx.commit().await?;
    picture::freshen_soon(app, shop, &gift);
    Ok(coupon)
}

/// Takes some out of the template, or says why not.
pub(super) async fn take(
    tx: &mut Tx,
    template: &Template,
    seats: Seats,
    now: Timestamp,
) -> Result<()> {
    if queries::take(tx, template.id, seats, now).await? {
        return Ok(());
    }
    let now_is = queries::template(tx, template.id).await?;
    let why = now_is.map_or(Refusal::NotFound, |template| {
        template.why_not(seats.number(), now)
    });
    Err(why.into())
}

/// Who claims, and by which log-in.
#[derive(Clone, Copy)]
pub(super) struct Claimant {
    pub user: UserId,
    /// Nobody's: staff hand it over.
    pub session: Option<crate::id::SessionId>,
}

impl Claimant {
    fn of(actor: &Actor) -> Self {
        Self {
            user: actor.user,
            session: actor.session,
        }
    }
}

/// Writes the coupon's row, which is the customer's next of this template. False: they have one of this gift already. Refuses with
/// `coupon_limit_reached`, `coupon_device_limit`.
pub(super) async fn put_into_wallet(
    tx: &mut Tx,
    template: &Template,
    coupon: &Coupon,
    claimant: Claimant,
    gift: Option<GiftId>,
) -> Result<bool> {
    let device = match (template.limits.per_device, claimant.session) {
        (Some(_), Some(session)) => queries::device(tx, session).await?,
        _ => None,
    };
    let row = queries::NewCoupon {
        coupon,
        customer: claimant.user,
        gift,
        device: device.as_deref(),
        limits: &template.limits,
    };
    for _ in 0..LOOKS {
        if queries::add_coupon(tx, &row).await? {
            return Ok(true);
        }
        let had = queries::had(tx, &row).await?;
        if had.of_gift {
            return Ok(false);
        }
        if had.by_person >= i64::from(template.limits.per_person) {
            return Err(Refusal::CouponLimitReached.into());
        }
        let most = template.limits.per_device.map(i64::from);
        if most.is_some_and(|most| had.by_device >= most) {
            return Err(Refusal::CouponDeviceLimit.into());
        }
    }
    Err(Refusal::Conflict.into())
}

/// The business remembers it.
pub(super) async fn remember(
    tx: &mut Tx,
    coupon: &Coupon,
    customer_id: UserId,
    gift_id: Option<GiftId>,
    now: Timestamp,
) -> Result<()> {
    let fact = Fact::CouponClaimed {
        coupon_id: coupon.id,
        template_id: coupon.template_id,
        customer_id,
        source: coupon.source,
        gift_id,
    };
    tx.remember(&fact, now).await
}

impl Template {
    /// A new coupon of these terms.
    pub(super) fn coupon(&self, shop_id: ShopId, source: CouponSource, now: Timestamp) -> Coupon {
        let (valid_from, valid_until) = self.validity.from_claim(now);
        Coupon {
            id: CouponId::new(),
            shop_id,
            template_id: self.id,
            terms: self.terms.clone(),
            first_order_only: self.eligibility == Eligibility::FirstOrder,
            source,
            state: CouponState::Usable,
            valid_from,
            valid_until,
            claimed_at: now,
            order_id: None,
            deducted: None,
            used_at: None,
        }
    }

    /// Seen from a gift: it has its pieces, whether or not the template has more.
    fn passed_on(&self) -> Self {
        let mut template = self.clone();
        if template.state == CouponTemplateState::SoldOut {
            template.state = CouponTemplateState::Published;
        }
        template
    }
}

impl Gift {
    /// Refuses with `coupon_sold_out` and `coupon_not_now` what the statement would refuse: without writing anything.
    fn claimable_now(&self, now: Timestamp) -> Result<()> {
        match self.state(now) {
            proto::GiftState::Open => Ok(()),
            _ => Err(self.why_not().into()),
        }
    }

    pub(super) fn why_not(&self) -> Refusal {
        if self.left() <= 0 {
            Refusal::CouponSoldOut
        } else {
            Refusal::CouponNotNow
        }
    }
}
