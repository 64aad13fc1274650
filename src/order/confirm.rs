//! The customer answers the preview of a chat order: this very revision, or none (O2, O3); staff may withdraw it.

use proto::{OrderDeed, OrderState};
use serde::Deserialize;

use super::{
    Seen, number, place, queries,
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    coupon::redeem,
    error::Result,
    id::{CouponId, OrderId, ShopId, VariantId},
    money::Money,
    stock::hold::hold,
    words,
};

/// What the customer agrees to.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The preview's revision.
    pub revision: i32,
    /// Its hash.
    pub hash: String,
    /// One's own coupon for it, in the place of the one that is on it (CPN-13); null: as it is.
    #[serde(default)]
    pub coupon_id: Option<CouponId>,
    /// What the customer was shown as the sum with that coupon, in minor units; another sum is refused.
    #[serde(default)]
    pub expected_total: Option<Money>,
}

/// It becomes an order: numbered, its goods held, staff alerted. It waits in the shop's line as an order that is placed does.
///
/// Refuses with `revision_stale` when the draft was changed since it was shown, with `order_state`, with `out_of_stock`,
/// with `too_many_unpaid` whoever has as many unpaid orders as the shop allows, with `coupon_not_usable` (the field is the reason) a coupon
/// that takes nothing off it, has ended since, or is for a first order when this is none any more, with `promotion_state` (the field is the
/// promotion's id) a draft whose promotion is over since.
pub async fn confirm(
    app: &App,
    customer: &Customer,
    order: OrderId,
    agreed: Confirmation,
) -> Result<Shown> {
    let shop = step::shop_of(app, customer, order).await?;
    let _till = app.tills.take(shop).await?;
    let mut gone = vec![];
    // Of a draft nothing is held yet: what is there of its gifts shows now, and it becomes an order without those that are gone.
    loop {
        match attempt(app, customer, (shop, order), &agreed, &gone).await? {
            Ok(shown) => return Ok(shown),
            Err(gift) => gone.push(gift),
        }
    }
}

/// Confirms it, or else nothing has happened: the order, or the gift that is gone.
async fn attempt(
    app: &App,
    customer: &Customer,
    (shop, order): (ShopId, OrderId),
    agreed: &Confirmation,
    gone: &[VariantId],
) -> Result<Result<Shown, VariantId>> {
    let mut tx = app.store.begin(shop).await?;
    let mut order = step::hold(&mut tx, order).await?;
    order.require(OrderDeed::Confirm, super::graph::Party::Customer)?;
    order.require_seen(&agreed.seen())?;
    let (now, by, was) = (app.clock.now(), By::from(customer), order.state);
    order.require_promotions(&mut tx, now).await?;
    if let Some(coupon) = agreed.coupon_id {
        order.pick(&mut tx, coupon, now).await?;
    }
    if order.forgo_gifts(gone) {
        order.revise()?;
        queries::replace_lines(&mut tx, &order).await?;
    }
    order.require_total(agreed.expected_total)?;
    redeem::confirm(&mut tx, customer.0.user, order.id, now).await?;
    let rules = queries::rules(&mut tx).await?;
    let to = order.submit(&rules, now);
    order.go(OrderDeed::Confirm, by.party, to)?;
    order.number = Some(number::next(&mut tx, now).await?);
    order.owe(&mut tx, &rules, now).await?;
    let done = Done {
        after: Some(order.agreed()),
        ..Done::new(&by, OrderDeed::Confirm)
    };
    step::write(app, &mut tx, &mut order, was, done, &[]).await?;
    place::announce(app, &mut tx, &order).await?;
    let (holder, units) = (order.holder(), order.units());
    if let Err(refused) = hold(&mut tx, holder, &units, by.id, now).await {
        return Ok(Err(order.gift_gone(refused)?));
    }
    let shown = Shown::load(app, &mut tx, order, Viewer::Customer).await?;
    tx.commit().await?;
    Ok(Ok(shown))
}

impl Confirmation {
    fn seen(&self) -> Seen {
        Seen {
            revision: self.revision,
            hash: self.hash.clone(),
        }
    }
}

/// The customer does not want it. Refuses with `order_state`.
pub async fn decline(
    app: &App,
    customer: &Customer,
    order: OrderId,
    reason: &str,
) -> Result<Shown> {
    words::text("reason", reason, 0..=200)?;
    let (mut tx, mut order) = step::of_customer(app, customer, order).await?;
    let (by, was) = (By::from(customer), order.state);
    order.go(OrderDeed::Decline, by.party, OrderState::Cancelled)?;
    order.cancelled_at = Some(app.clock.now());
    let done = Done::new(&by, OrderDeed::Decline).remark(reason);
    let words = [said::with("客户已拒绝订单预览", reason)];
    step::write(app, &mut tx, &mut order, was, done, &words).await?;
    redeem::release(&mut tx, order.id, app.clock.now()).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::Customer).await?;
    tx.commit().await?;
    Ok(shown)
}

/// The shop takes its draft back. Refuses with `order_state`.
pub async fn withdraw(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    reason: &str,
) -> Result<Shown> {
    words::text("reason", reason, 0..=200)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    let (who, was) = (By::from(by), order.state);
    order.go(OrderDeed::Withdraw, who.party, OrderState::Cancelled)?;
    order.cancelled_at = Some(app.clock.now());
    let done = Done::new(&who, OrderDeed::Withdraw).remark(reason);
    let words = [said::with("商家已撤回订单预览", reason)];
    step::write(app, &mut tx, &mut order, was, done, &words).await?;
    redeem::release(&mut tx, order.id, app.clock.now()).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}
