//! Staff draft an order inside a chat; the customer is sent a preview, and it becomes an order only when they confirm it (O1).

use jiff::Timestamp;
use proto::{DeliveryMethod, OrderDeed, OrderState, PaymentTerms};
use serde::Deserialize;
use serde_json::json;

use super::{
    Order,
    fill::{self, Buyer, Terms},
    place::require_method,
    promote::Judged,
    queries,
    recipient::Recipient,
    show::{self, Shown, Viewer},
    step::{self, By, Done},
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    coupon::redeem,
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, CouponId, OrderId, UserId, VariantId},
    money::{BasisPoints, Money},
    product::price::{self, Basket, Quote},
    rights,
    store::Tx,
    words,
};

/// A unit price that staff agreed with the customer instead of the shop's.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreedPrice {
    /// Of which variant of the basket's single lines.
    pub variant_id: VariantId,
    /// One piece, in minor units, 0 and up.
    pub price: Money,
}

/// What staff and customer agreed (ORD-04).
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// What is ordered.
    pub basket: Basket,
    /// Prices other than the shop's; neither a flash discount nor a tier nor a member's discount goes on top.
    #[serde(default)]
    pub prices: Vec<AgreedPrice>,
    /// At most 500 characters.
    #[serde(default)]
    pub requests: String,
    /// How it comes.
    pub delivery_method: DeliveryMethod,
    /// When it is paid.
    pub terms: PaymentTerms,
    /// When it is expected, to the second.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub expected_at: Option<Timestamp>,
    /// To whom; absent: as in the customer's last order here, or as they are known (ORD-03).
    #[serde(default)]
    pub recipient: Option<Recipient>,
    /// A coupon that the customer holds; from now on it is on this order (CPN-13). Null: none.
    #[serde(default)]
    pub coupon_id: Option<CouponId>,
}

/// Drafts an order for the customer of a conversation and sends them the preview. Nothing is held yet and nobody is alerted.
///
/// Refuses with `not_found` a conversation that is none of the shop with a customer, with `invalid_argument` absurd numbers, with
/// `not_on_sale` what cannot be sold, with `coupon_not_usable` a coupon that takes nothing off it (the field is the reason).
pub async fn draft(
    app: &App,
    by: &Staff<ManageOrders>,
    conversation: ConversationId,
    mut agreement: Agreement,
) -> Result<Shown> {
    agreement.check(app.clock.now())?;
    app.sends.take(by.actor.user)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let found = queries::customer_of(&mut tx, conversation).await?;
    let (customer, name, phone) = found.ok_or(Refusal::NotFound)?;
    let known = known(app, &mut tx, customer, &name, phone).await?;
    let viewer = Viewer::of(&by.actor, by.shop);
    let recipient = match agreement.recipient.take() {
        Some(recipient) => viewer.means(recipient, &known),
        None => known,
    };
    let buyer = Buyer {
        id: customer,
        name,
        conversation,
    };
    let quote = agreement.price(&mut tx, customer, app.clock.now()).await?;
    let order = agreement
        .order(&mut tx, buyer, quote, app.clock.now())
        .await?;
    let who = By::from(by);
    let done = Done::new(&who, OrderDeed::Draft);
    let order = step::begin(app, &mut tx, order, &recipient, done).await?;
    tx.commit().await?;
    Ok(Shown::of(order, Some(recipient), viewer))
}

/// Another draft in the place of the one that was sent: the next revision, which voids what the customer was shown.
///
/// Refuses with `order_state` what was confirmed or closed meanwhile, and as [`draft`] does.
pub async fn redraft(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    mut agreement: Agreement,
) -> Result<Shown> {
    agreement.check(app.clock.now())?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    order.require(OrderDeed::Redraft, super::graph::Party::Staff)?;
    let before = order.agreed();
    let now = app.clock.now();
    let quote = agreement.price(&mut tx, order.customer_id, now).await?;
    let terms = agreement.terms();
    (order.terms, order.delivery_method) = (terms.payment, terms.delivery_method);
    (order.requests, order.expected_at) = (terms.requests, terms.expected_at);
    let (lines, coupon) = (
        fill::considered(&quote.lines)?,
        (order.customer_id, agreement.coupon_id),
    );
    let applied = redeem::exchange(&mut tx, coupon, order.id, &lines, now).await?;
    order
        .refill_less(&mut tx, quote, applied.as_ref(), now)
        .await?;
    queries::replace_lines(&mut tx, &order).await?;
    if let Some(recipient) = agreement.recipient.take() {
        let known = show::recipient(app, &mut tx, order.id).await?;
        let recipient = Viewer::of(&by.actor, by.shop).means(recipient, &known);
        let (sealed, index) = recipient.seal(&app.vault, order.id);
        queries::set_recipient(&mut tx, order.id, &sealed, index.as_deref()).await?;
    }
    let (who, was, after) = (By::from(by), order.state, order.agreed());
    let done = Done::new(&who, OrderDeed::Redraft).changed(before, after);
    step::write(app, &mut tx, &mut order, was, done, &[]).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Who gets it, as far as the shop knows.
async fn known(
    app: &App,
    tx: &mut Tx,
    customer: UserId,
    name: &str,
    phone: Option<String>,
) -> Result<Recipient> {
    if let Some((order, sealed)) = queries::last_recipient(tx, customer).await? {
        return Recipient::unseal(&app.vault, order, &sealed);
    }
    Ok(Recipient {
        name: name.chars().take(60).collect(),
        phone: phone.unwrap_or_default(),
        address: String::new(),
    })
}

impl Agreement {
    fn check(&mut self, now: Timestamp) -> Result<()> {
        require_method(self.delivery_method)?;
        if self.terms == PaymentTerms::Unspecified {
            return Err(refused_argument("terms", "is missing"));
        }
        words::text("requests", &self.requests, 0..=500)?;
        if self
            .expected_at
            .is_some_and(|at| at < now || at > now + jiff::SignedDuration::from_hours(24 * 366))
        {
            return Err(refused_argument("expected_at", "is within a year from now"));
        }
        for agreed in &self.prices {
            let single = self
                .basket
                .lines
                .iter()
                .any(|line| line.variant_id == agreed.variant_id);
            if !single || agreed.price < Money::ZERO {
                return Err(refused_argument(
                    "prices",
                    "name variants of the basket, each at 0 or more",
                ));
            }
        }
        self.recipient.as_mut().map_or(Ok(()), Recipient::check)
    }

    /// What was agreed as a new order, with what the coupon and promotions take off it.
    async fn order(
        &self,
        tx: &mut Tx,
        buyer: Buyer,
        mut quote: Quote,
        now: Timestamp,
    ) -> Result<Order> {
        let (customer, lines) = (buyer.id, fill::considered(&quote.lines)?);
        let rules = queries::rules(tx).await?;
        let campaigns = std::mem::take(&mut quote.campaigns);
        let mut order = fill::order(tx, buyer, quote, self.terms(), &rules, now).await?;
        let applied = match self.coupon_id {
            Some(coupon) => {
                let which = (customer, coupon);
                Some(redeem::lock(tx, which, order.id, &lines, now).await?)
            }
            None => None,
        };
        let judged = Judged {
            campaigns: &campaigns,
            now,
            gone: &[],
        };
        order.reduce(tx, applied.as_ref(), judged).await?;
        Ok(order)
    }

    /// What it costs, with the agreed prices in the place of the shop's.
    async fn price(&self, tx: &mut Tx, customer: UserId, now: Timestamp) -> Result<Quote> {
        let mut quote = price::price(tx, &self.basket, Some(customer), now).await?;
        for line in quote
            .lines
            .iter_mut()
            .filter(|line| line.bundle_id.is_none())
        {
            let agreed = self
                .prices
                .iter()
                .find(|agreed| agreed.variant_id == line.variant_id);
            if let Some(agreed) = agreed {
                (line.price, line.flash) = (agreed.price, None);
                (line.tier, line.member) = (BasisPoints::ZERO, BasisPoints::ZERO);
                line.total = agreed.price.times(line.units)?;
            }
        }
        quote.total = Money::sum(quote.lines.iter().map(|line| line.total))?;
        Ok(quote)
    }

    fn terms(&self) -> Terms {
        Terms {
            source: "chat",
            state: OrderState::AwaitingCustomer,
            payment: self.terms,
            delivery_method: self.delivery_method,
            requests: self.requests.trim().to_owned(),
            // To the second: the database keeps microseconds, and the hash is of what it gives back.
            expected_at: self
                .expected_at
                .and_then(|at| Timestamp::from_second(at.as_second()).ok()),
        }
    }
}

/// Whose order it would be, and what the form for it is filled with (ORD-03): refuses with `not_found`.
pub(super) async fn form(
    app: &App,
    by: &Staff<ManageOrders>,
    conversation: ConversationId,
) -> Result<(UserId, serde_json::Value)> {
    let mut tx = app.store.begin(by.shop).await?;
    let found = queries::customer_of(&mut tx, conversation).await?;
    let (customer, name, phone) = found.ok_or(Refusal::NotFound)?;
    let recipient = known(app, &mut tx, customer, &name, phone).await?;
    let viewer = Viewer::of(&by.actor, by.shop);
    let coupons = redeem::held(&mut tx, customer, app.clock.now()).await?;
    let form = json!({
        "conversation_id": conversation, "customer_id": customer, "recipient": viewer.sees(recipient), "coupons": coupons,
    });
    Ok((customer, form))
}
