//! What goes into an order: priced lines, freight, the shop's rules of the moment.

use jiff::Timestamp;
use proto::{DeliveryMethod, OrderState, PaymentStatus, PaymentTerms};

use super::{
    Line, Order,
    promote::{self, Judged},
    rules::Rules,
};
use crate::{
    coupon, delivery,
    error::Result,
    id::{ConversationId, OrderId, UserId},
    money::{Money, TooMuch},
    product::price::{Priced, Quote},
    store::Tx,
};

/// Who buys, and where it is talked about.
pub(super) struct Buyer {
    pub id: UserId,
    pub name: String,
    pub conversation: ConversationId,
}

/// How it is to be delivered and paid, and what else is wished.
pub(super) struct Terms {
    pub source: &'static str,
    pub state: OrderState,
    pub payment: PaymentTerms,
    pub delivery_method: DeliveryMethod,
    pub requests: String,
    pub expected_at: Option<Timestamp>,
}

/// A new order of these lines, at its first revision.
pub(super) async fn order(
    tx: &mut Tx,
    buyer: Buyer,
    quote: Quote,
    terms: Terms,
    rules: &Rules,
    now: Timestamp,
) -> Result<Order> {
    let promotions = promote::flashes(&quote.lines)?;
    let lines = lines(quote.lines);
    let goods = Money::sum(lines.iter().map(|line| line.total))?;
    let mut order = Order {
        id: OrderId::new(),
        shop_id: tx.shop()?,
        number: None,
        customer_id: buyer.id,
        customer_name: buyer.name,
        conversation_id: buyer.conversation,
        card_number: 0,
        source: terms.source.to_owned(),
        state: terms.state,
        payment_status: PaymentStatus::Unpaid,
        terms: terms.payment,
        delivery_method: terms.delivery_method,
        currency: quote.currency,
        goods,
        freight: delivery::freight::fee(tx, terms.delivery_method, goods).await?,
        discount: Money::ZERO,
        total: Money::ZERO,
        paid: Money::ZERO,
        refunded: Money::ZERO,
        extra: Money::ZERO,
        revision: 1,
        hash: String::new(),
        version: 0,
        requests: terms.requests,
        remark: String::new(),
        expected_at: terms.expected_at,
        policy: rules.policy.clone(),
        policy_version: rules.policy_version,
        pickup_code: None,
        person: None,
        owner_id: None,
        owner_name: None,
        abnormal: None,
        follow_up_at: None,
        pay_by: None,
        receive_by: None,
        extended: false,
        placed_at: None,
        paid_at: None,
        payment_method: None,
        accepted_at: None,
        shipped_at: None,
        completed_at: None,
        cancelled_at: None,
        created_at: now,
        lines,
        packages: vec![],
        promotions,
    };
    order.agree()?;
    Ok(order)
}

/// The lines of a quote, numbered from 1.
pub(super) fn lines(priced: Vec<Priced>) -> Vec<Line> {
    let line = |(number, priced): (i16, Priced)| Line {
        line: number,
        product_id: priced.product_id,
        variant_id: priced.variant_id,
        bundle_id: priced.bundle_id,
        title: priced.title,
        choice: priced.choice,
        units: priced.units.cast_signed(),
        list_price: priced.list_price,
        price: priced.price,
        total: priced.total,
        discount: Money::ZERO,
        gift: false,
        shipped: 0,
        refunded: 0,
        dropped: 0,
        case_id: None,
        short: 0,
        short_reason: None,
    };
    (1..).zip(priced).map(line).collect()
}

/// The same lines, as coupons look at them: list prices are those before any reduction.
pub(super) fn considered(priced: &[Priced]) -> Result<Vec<coupon::evaluate::Line>, TooMuch> {
    let line = |line: &Priced| {
        Ok(coupon::evaluate::Line {
            product: line.product_id,
            category: line.category.clone(),
            list: line.list_price.times(line.units)?,
            price: line.total,
            stacks: line
                .flash
                .as_ref()
                .is_none_or(|flash| flash.stacks_with_coupons),
        })
    };
    priced.iter().map(line).collect()
}

impl Order {
    /// Other lines in the place of those that were agreed, with the freight that they cost and what the order's coupon and promotions take
    /// off them: the next revision. Refuses with `coupon_not_usable`.
    pub(super) async fn refill(&mut self, tx: &mut Tx, quote: Quote, now: Timestamp) -> Result<()> {
        let applied = coupon::redeem::again(tx, self.id, &considered(&quote.lines)?).await?;
        self.refill_less(tx, quote, applied.as_ref(), now).await
    }

    /// The same, with what a coupon takes off these lines, or none.
    pub(super) async fn refill_less(
        &mut self,
        tx: &mut Tx,
        quote: Quote,
        applied: Option<&coupon::evaluate::Applied>,
        now: Timestamp,
    ) -> Result<()> {
        self.promotions = promote::flashes(&quote.lines)?;
        self.lines = lines(quote.lines);
        let goods = Money::sum(self.lines.iter().map(|line| line.total))?;
        self.freight = delivery::freight::fee(tx, self.delivery_method, goods).await?;
        self.revision += 1;
        let judged = Judged {
            campaigns: &quote.campaigns,
            now,
            gone: &[],
        };
        self.reduce(tx, applied, judged).await
    }

    /// The next revision of what is agreed.
    pub(super) fn revise(&mut self) -> Result<(), TooMuch> {
        self.revision += 1;
        self.agree()
    }

    /// It becomes an order for the queue: unpaid and to be paid by a time, or to be accepted and paid later.
    pub(super) fn submit(&mut self, rules: &Rules, now: Timestamp) -> OrderState {
        self.placed_at = Some(now);
        let free = self.total == Money::ZERO;
        if self.terms == PaymentTerms::PayLater || free {
            return OrderState::PendingAcceptance;
        }
        let minutes = jiff::SignedDuration::from_mins(rules.pay_within_minutes.into());
        self.pay_by = Some(now + minutes);
        OrderState::PendingPayment
    }

    /// It was submitted: it is one of those that wait for their money, or there is nothing to wait for and its coupon is used. Refuses with
    /// `too_many_unpaid`.
    pub(super) async fn owe(&self, tx: &mut Tx, rules: &Rules, now: Timestamp) -> Result<()> {
        if self.pay_by.is_none() {
            return coupon::redeem::used(tx, self.id, now).await;
        }
        rules.require_few_unpaid(tx, self.customer_id).await
    }
}
