//! Claim a coupon in the shop. One statement decides, and its number of rows is the answer. What all claims have in common is here; those from
//! a gift in a chat are in `press`.
//!
//! The coupon's own row comes first, for its unique names decide who has had how many; the row that everybody wants comes last,
//! so that it is held for the commit only. Whatever is refused takes the coupon's row with it.

use std::collections::HashMap;

use jiff::Timestamp;
use proto::{CouponSource, CouponState, CouponTemplateState};

use super::{
    Coupon, Gift, Template,
    eligible::Known,
    list::require_at_home,
    queries::{self, Seats},
    task,
    terms::Eligibility,
};
use crate::{
    actor::{Actor, Customer},
    app::App,
    error::{Refusal, Result},
    fact::Fact,
    id::{CouponId, CouponTemplateId, GiftId, SessionId, ShopId, UserId},
    store::Tx,
};

/// Two claims of one person at once: the one that was slower looks again, so often at most without having got any further.
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
    let known = known(tx, template.id, actor.user).await?;
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

/// What is known of one customer.
pub(super) async fn known(
    tx: &mut Tx,
    template: CouponTemplateId,
    customer: UserId,
) -> Result<Known> {
    let known = queries::known(tx, template, &[customer]).await?;
    Ok(known.get(&customer).copied().unwrap_or_default())
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
    pub session: Option<SessionId>,
}

impl Claimant {
    pub(super) fn of(actor: &Actor) -> Self {
        Self {
            user: actor.user,
            session: actor.session,
        }
    }
}

/// A coupon to be, and whose.
pub(super) struct Claim {
    pub coupon: Coupon,
    pub claimant: Claimant,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It lies in the wallet.
    In,
    /// They have one of this gift already.
    HadOne,
    /// There were not as many.
    NoneLeft,
    /// They may not have one more.
    Not(Refusal),
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
    let coupon = coupon.clone();
    let claims = [Claim { coupon, claimant }];
    match put_into_wallets(tx, template, &claims, (gift, 1)).await?[..] {
        [Put::In] => Ok(true),
        [Put::HadOne] => Ok(false),
        [Put::Not(why)] => Err(why.into()),
        _ => Err(Refusal::Conflict.into()),
    }
}

/// The same for many customers, each once, `most` of them at the most, in their order: what became of each.
pub(super) async fn put_into_wallets(
    tx: &mut Tx,
    template: &Template,
    claims: &[Claim],
    (gift, most): (Option<GiftId>, usize),
) -> Result<Vec<Put>> {
    let devices = devices(tx, template, claims).await?;
    let mut outcome: HashMap<CouponId, Put> = HashMap::new();
    let (mut left, mut lost) = (most, 0);
    while left > 0 && lost < LOOKS {
        let all = claims.iter().zip(&devices);
        let open = all.filter(|(claim, _)| !outcome.contains_key(&claim.coupon.id));
        let rows = open.map(|(claim, device)| claim.row(device.as_deref()));
        let new = queries::NewCoupons {
            rows: rows.collect(),
            gift,
            limits: &template.limits,
        };
        if new.rows.is_empty() {
            break;
        }
        let decided = outcome.len();
        left -= one_round(tx, template, new, left, &mut outcome).await?;
        lost += usize::from(outcome.len() == decided);
    }
    let rest = if left == 0 {
        Put::NoneLeft
    } else {
        Put::Not(Refusal::Conflict)
    };
    let of = |claim: &Claim| outcome.get(&claim.coupon.id).copied().unwrap_or(rest);
    Ok(claims.iter().map(of).collect())
}

/// Tries the first `left` of them, and gives how many have one now. Where not all have, one look tells all who wait who may not: else each round
/// would be spent on one of them.
async fn one_round(
    tx: &mut Tx,
    template: &Template,
    mut new: queries::NewCoupons<'_>,
    left: usize,
    outcome: &mut HashMap<CouponId, Put>,
) -> Result<usize> {
    let tried = left.min(new.rows.len());
    let rest = new.rows.split_off(tried);
    let added = queries::add_coupons(tx, &new).await?;
    outcome.extend(added.iter().map(|coupon| (*coupon, Put::In)));
    if added.len() < tried {
        new.rows.retain(|row| !added.contains(&row.coupon.id));
        new.rows.extend(rest);
        for had in queries::had(tx, &new).await? {
            outcome.extend(had.why_not(template).map(|why| (had.instead_of, why)));
        }
    }
    Ok(added.len())
}

/// By which device each claims, where the template counts them.
async fn devices(
    tx: &mut Tx,
    template: &Template,
    claims: &[Claim],
) -> Result<Vec<Option<String>>> {
    let sessions = claims.iter().filter_map(|claim| claim.claimant.session);
    let sessions: Vec<SessionId> = sessions.collect();
    if template.limits.per_device.is_none() || sessions.is_empty() {
        return Ok(claims.iter().map(|_| None).collect());
    }
    let devices = queries::devices(tx, &sessions).await?;
    let of = |claim: &Claim| devices.get(&claim.claimant.session?).cloned();
    Ok(claims.iter().map(of).collect())
}

impl Claim {
    fn row<'a>(&'a self, device: Option<&'a str>) -> queries::NewCoupon<'a> {
        queries::NewCoupon {
            coupon: &self.coupon,
            customer: self.claimant.user,
            device,
        }
    }
}

impl queries::Had {
    /// Why they have not got one; `None`: somebody was faster, and it is worth looking again.
    fn why_not(&self, template: &Template) -> Option<Put> {
        let limits = &template.limits;
        let by_device = limits.per_device.map(i64::from);
        if self.of_gift {
            Some(Put::HadOne)
        } else if self.by_person >= i64::from(limits.per_person) {
            Some(Put::Not(Refusal::CouponLimitReached))
        } else if by_device.is_some_and(|most| self.by_device >= most) {
            Some(Put::Not(Refusal::CouponDeviceLimit))
        } else {
            None
        }
    }
}

/// The business remembers it.
pub(super) async fn remember(
    tx: &mut Tx,
    coupon: &Coupon,
    customer: UserId,
    gift: Option<GiftId>,
    now: Timestamp,
) -> Result<()> {
    tx.remember(&coupon.claimed(customer, gift), now).await
}

impl Coupon {
    /// What the business remembers of its claim.
    pub(super) fn claimed(&self, customer_id: UserId, gift_id: Option<GiftId>) -> Fact {
        Fact::CouponClaimed {
            coupon_id: self.id,
            template_id: self.template_id,
            customer_id,
            source: self.source,
            gift_id,
        }
    }
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
    pub(super) fn passed_on(&self) -> Self {
        let mut template = self.clone();
        if template.state == CouponTemplateState::SoldOut {
            template.state = CouponTemplateState::Published;
        }
        template
    }
}

impl Gift {
    /// Refuses with `coupon_sold_out` and `coupon_not_now` what the statement would refuse: without writing anything.
    pub(super) fn claimable_now(&self, now: Timestamp) -> Result<()> {
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
