//! The customer picks a coupon of theirs for a chat order that they confirm (CPN-13).

use jiff::Timestamp;
use proto::OrderDeed;

use super::{
    Order,
    graph::Party,
    promote::{Earned, Judged},
    queries, step,
};
use crate::{
    actor::Customer,
    app::App,
    coupon::{
        evaluate::{self, Verdict},
        redeem,
    },
    error::Result,
    id::{CouponId, OrderId},
    product::list::categories,
    promotion::{self, Kind},
    store::Tx,
};

/// Which of one's coupons could be taken for a chat order's preview, and why not the others. One that is on it already is `locked`. Refuses with
/// `not_found`, with `order_state` what is no preview any more.
pub async fn offered(app: &App, customer: &Customer, order: OrderId) -> Result<Verdict> {
    let (mut tx, order) = step::of_customer(app, customer, order).await?;
    order.require(OrderDeed::Confirm, Party::Customer)?;
    let lines = order.considered(&mut tx).await?;
    redeem::offered(&mut tx, customer.0.user, &lines, app.clock.now()).await
}

impl Order {
    /// Takes this coupon off it, in the place of the one that it had: the next revision.
    pub(super) async fn pick(
        &mut self,
        tx: &mut Tx,
        coupon: CouponId,
        now: Timestamp,
    ) -> Result<()> {
        let lines = self.considered(tx).await?;
        let wanted = (self.customer_id, Some(coupon));
        if let Some(applied) = redeem::exchange(tx, wanted, self.id, &lines, now).await? {
            self.revision += 1;
            let campaigns = promotion::running(tx, now).await?;
            let judged = Judged {
                campaigns: &campaigns,
                now,
                gone: &[],
            };
            self.reduce(tx, Some(&applied), judged).await?;
            queries::replace_lines(tx, self).await?;
        }
        Ok(())
    }

    /// Its lines, as coupons look at them.
    async fn considered(&self, tx: &mut Tx) -> Result<Vec<evaluate::Line>> {
        let products: Vec<_> = self.lines.iter().map(|line| line.product_id).collect();
        let categories = categories(tx, &products).await?;
        let line = |line: &super::Line| {
            Ok(evaluate::Line {
                product: line.product_id,
                category: categories
                    .get(&line.product_id)
                    .cloned()
                    .unwrap_or_default(),
                list: line.list_price.times(line.units.unsigned_abs())?,
                price: line.total,
                stacks: self.stacks(line.line),
            })
        };
        self.lines.iter().map(line).collect()
    }

    /// Coupons count for this line: no flash discount that is in its price says otherwise.
    fn stacks(&self, line: i16) -> bool {
        let refuses = |one: &Earned| {
            one.kind == Kind::Flash && !one.stacks_with_coupons && one.lines.contains(&line)
        };
        !self.promotions.iter().any(refuses)
    }
}
