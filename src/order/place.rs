//! Check out: a customer's basket becomes an order (O4).

use proto::{AlertKind, DeliveryMethod, OrderDeed, OrderState, PaymentTerms, Permission};
use serde::{Deserialize, Serialize};

use super::{
    Order,
    fill::{self, Buyer, Terms},
    number,
    promote::{self, Judged},
    queries,
    recipient::Recipient,
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::{Actor, Customer},
    alert::{self, NewAlert},
    app::App,
    conversation::open,
    coupon::{evaluate::Verdict, redeem},
    delivery,
    error::{Result, refused_argument},
    id::{ConversationId, CouponId, ShopId, UserId, VariantId},
    money::Money,
    product::price::{self, Basket},
    promotion::{self, gifts::EarnedGift},
    stock::hold::hold,
    store::{Tx, once},
    words,
};

/// What a customer orders.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// What is in the basket.
    pub basket: Basket,
    /// How it comes.
    pub delivery_method: DeliveryMethod,
    /// To whom; what is missing can be added until the shop accepts.
    #[serde(default)]
    pub recipient: Recipient,
    /// At most 500 characters.
    #[serde(default)]
    pub requests: String,
    /// One's own coupon for it (CPN-13); null: none.
    #[serde(default)]
    pub coupon_id: Option<CouponId>,
    /// What the customer was shown as the sum, in minor units; another sum is refused.
    #[serde(default)]
    pub expected_total: Option<Money>,
}

/// Places an order: priced by the server, its goods held, without the gifts that are sold out. Staff are alerted. A shop's orders are placed a few at a time: the next
/// wait in its line, and are refused with `overloaded` where that is full.
///
/// Refuses as [`price::price`] does what is not on sale, with `out_of_stock` what there is not enough of (the field is the variant's
/// id), with `too_many_unpaid` whoever has as many unpaid orders as the shop allows, with `coupon_not_usable` a coupon that takes nothing off
/// it (the field is the reason), with `revision_stale` another total than the customer was shown, with `banned`, `not_found`, `invalid_argument`.
pub async fn place(
    app: &App,
    customer: &Customer,
    shop: ShopId,
    mut checkout: Checkout,
) -> Result<Shown> {
    checkout.recipient.check()?;
    require_method(checkout.delivery_method)?;
    words::text("requests", &checkout.requests, 0..=500)?;
    app.sends.take(customer.0.user)?;
    let _till = app.tills.take(shop).await?;
    let conversation = open::with_shop(app, customer, shop, "checkout");
    let conversation = once::aside(conversation).await?;
    let (at, mut gone) = ((shop, conversation), vec![]);
    // A gift can be gone between the look at the shelf and the hold: then once more without it.
    loop {
        match attempt(app, customer, at, &checkout, &gone).await? {
            Ok(order) => return Ok(Shown::of(order, Some(checkout.recipient), Viewer::Customer)),
            Err(gift) => gone.push(gift),
        }
    }
}

/// Places it, or else nothing has happened: the order, or the gift that is gone.
async fn attempt(
    app: &App,
    customer: &Customer,
    (shop, conversation): (ShopId, ConversationId),
    checkout: &Checkout,
    gone: &[VariantId],
) -> Result<Result<Order, VariantId>> {
    let mut tx = app.store.begin(shop).await?;
    let buyer = Buyer {
        id: customer.0.user,
        name: customer.0.name.to_string(),
        conversation,
    };
    let order = submitted(app, &mut tx, buyer, checkout, gone).await?;
    let by = By::from(customer);
    let done = Done::new(&by, OrderDeed::Place);
    let order = step::begin(app, &mut tx, order, &checkout.recipient, done).await?;
    announce(app, &mut tx, &order).await?;
    let (holder, units, now) = (order.holder(), order.units(), app.clock.now());
    if let Err(refused) = hold(&mut tx, holder, &units, by.id, now).await {
        return Ok(Err(order.gift_gone(refused)?));
    }
    tx.commit().await?;
    Ok(Ok(order))
}

/// The order as it is submitted, with its number.
async fn submitted(
    app: &App,
    tx: &mut Tx,
    buyer: Buyer,
    checkout: &Checkout,
    gone: &[VariantId],
) -> Result<Order> {
    let now = app.clock.now();
    let mut quote = price::price(tx, &checkout.basket, Some(buyer.id), now).await?;
    let rules = queries::rules(tx).await?;
    let terms = Terms {
        source: "checkout",
        state: OrderState::PendingPayment,
        payment: PaymentTerms::PayFirst,
        delivery_method: checkout.delivery_method,
        requests: checkout.requests.trim().to_owned(),
        expected_at: None,
    };
    let (customer, lines) = (buyer.id, fill::considered(&quote.lines)?);
    let campaigns = std::mem::take(&mut quote.campaigns);
    let mut order = fill::order(tx, buyer, quote, terms, &rules, now).await?;
    let applied = match checkout.coupon_id {
        Some(coupon) => {
            let which = (customer, coupon);
            Some(redeem::lock(tx, which, order.id, &lines, now).await?)
        }
        None => None,
    };
    let judged = Judged {
        campaigns: &campaigns,
        now,
        gone,
    };
    order.reduce(tx, applied.as_ref(), judged).await?;
    order.require_total(checkout.expected_total)?;
    order.state = order.submit(&rules, now);
    order.number = Some(number::next(tx, now).await?);
    order.owe(tx, &rules, now).await?;
    Ok(order)
}

/// Alerts staff to a new order, once (ALRT-01).
pub(super) async fn announce(app: &App, tx: &mut Tx, order: &Order) -> Result<()> {
    tell_staff(app, tx, order, AlertKind::NewOrder, &said::new_order(order)).await
}

/// Alerts staff who manage orders to something about this one.
pub(crate) async fn tell_staff(
    app: &App,
    tx: &mut Tx,
    order: &Order,
    kind: AlertKind,
    text: &str,
) -> Result<()> {
    let alert = NewAlert::new(kind, Permission::ManageOrders, text)
        .in_conversation(order.conversation_id)
        .about_order(order.id);
    alert::raise(tx, alert, app.clock.now()).await?;
    Ok(())
}

/// Refuses with `invalid_argument` no method at all.
pub(super) fn require_method(method: DeliveryMethod) -> Result<()> {
    if method == DeliveryMethod::Unspecified {
        return Err(refused_argument("delivery_method", "is missing"));
    }
    Ok(())
}

/// What would be ordered.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Considered {
    /// What is in the basket.
    pub basket: Basket,
    /// How it comes.
    pub delivery_method: DeliveryMethod,
    /// One's own coupon for it; null: none.
    #[serde(default)]
    pub coupon_id: Option<CouponId>,
}

/// What a basket costs with its freight, before it is ordered (LOG-02), what promotions do for it, and which coupons can be taken (CPN-13). Refuses as [`place`]
/// does.
pub async fn quote(
    app: &App,
    actor: &Actor,
    shop: ShopId,
    considered: &Considered,
) -> Result<Costs> {
    costs(app, actor.user, shop, considered).await
}

/// What it costs this customer.
pub(super) async fn costs(
    app: &App,
    customer: UserId,
    shop: ShopId,
    considered: &Considered,
) -> Result<Costs> {
    require_method(considered.delivery_method)?;
    let (mut tx, now) = (app.store.begin(shop).await?, app.clock.now());
    let quote = price::price(&mut tx, &considered.basket, Some(customer), now).await?;
    let freight = delivery::freight::fee(&mut tx, considered.delivery_method, quote.total).await?;
    let lines = fill::considered(&quote.lines)?;
    let coupons = redeem::offered(&mut tx, customer, &lines, now).await?;
    let applied = match considered.coupon_id {
        Some(coupon) => {
            let which = (customer, coupon);
            Some(redeem::consider(&mut tx, which, &lines, now).await?)
        }
        None => None,
    };
    let (promotions, gifts) = promote::considered(&mut tx, &quote, applied.as_ref()).await?;
    let deduction = applied.map_or(Money::ZERO, |applied| applied.deduction);
    let discount = promotions.reduction()?.plus(deduction)?;
    Ok(Costs {
        total: quote.total.plus(freight)?.minus(discount)?,
        goods: quote,
        freight,
        discount,
        coupons,
        promotions,
        gifts,
    })
}

/// What a basket costs with its freight.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Costs {
    /// The goods.
    pub goods: price::Quote,
    /// Minor units.
    pub freight: Money,
    /// What the coupon and promotions take off, in minor units.
    pub discount: Money,
    /// What is to be paid, in minor units.
    pub total: Money,
    /// The asking customer's coupons, for this basket.
    pub coupons: Verdict,
    /// Tiered promotions that are running, for this basket beside that coupon.
    pub promotions: promotion::evaluate::Verdict,
    /// What they give; what is sold out is not in the order.
    pub gifts: Vec<EarnedGift>,
}
