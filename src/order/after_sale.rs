//! What after-sale does with an order, under its lock: lines are bound to a case and let go again, money goes back, other goods are
//! sent. What a unit cost is settled once ([`Order::worth`]), so that any steps in which units go back add up to what was paid.

use jiff::Timestamp;
use proto::{OrderDeed, OrderState};
use serde_json::json;

use super::{Line, LineUnits, Order, Package, graph::Party, queries, step, words as said};
pub(crate) use super::{
    step::{By, hold, of_customer, of_staff},
    words::amount as written,
};
use crate::{
    app::App,
    error::{Refusal, Result, refused_argument, refused_because},
    id::{CaseId, UserId},
    money::{Money, TooMuch},
    payment::{self, refund::Wanted, settle},
    store::Tx,
};

/// What a case is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Concern<'a> {
    /// The case.
    pub case: CaseId,
    /// Units of these lines, each named once.
    pub lines: &'a [LineUnits],
    /// They have left the house.
    pub sent: bool,
}

/// A case begins: until it ends, nothing else happens to its lines. Refuses with `order_state`, with `invalid_argument` units that
/// are not there, and with `conflict` a line that another case is open on.
pub(crate) async fn bind(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    concern: &Concern<'_>,
    (by, reason): (&By, &str),
) -> Result<()> {
    order.require(OrderDeed::Apply, by.party)?;
    order.require_there(concern)?;
    for line in order.lines.iter_mut().filter(|line| concern.names(line)) {
        line.case_id = Some(concern.case);
    }
    let after = json!({ "case_id": concern.case, "lines": concern.lines });
    let done = step::Done {
        after: Some(after),
        ..step::Done::new(by, OrderDeed::Apply).remark(reason)
    };
    put(app, tx, order, order.state, done, &[]).await
}

/// Orders what these units cost back from the provider. Gives how much that is; nothing is ordered for what cost nothing.
pub(crate) async fn give_back(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    concern: &Concern<'_>,
    reason: &str,
) -> Result<Money> {
    let amount = order.worth(concern)?;
    order.count_back(concern);
    if amount > Money::ZERO {
        let wanted = Wanted {
            case: Some(concern.case),
            ..order.refundable(amount, reason)
        };
        payment::refund::order(tx, &wanted, app.clock.now()).await?;
        order.give_back(amount)?;
    }
    let after = json!({ "case_id": concern.case, "lines": concern.lines, "amount": amount });
    let done = step::Done {
        after: Some(after),
        ..step::Done::new(&By::SYSTEM, OrderDeed::Refund).remark(reason)
    };
    put(app, tx, order, order.state, done, &[]).await?;
    Ok(amount)
}

/// A case has ended: its lines are free, and the order goes where that leads: nothing is left of it (O21), or nothing is left to be
/// sent (O26).
pub(crate) async fn let_go(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    case: CaseId,
    by: &By,
) -> Result<()> {
    let (now, was) = (app.clock.now(), order.state);
    let own = |line: &&mut Line| line.case_id == Some(case);
    order
        .lines
        .iter_mut()
        .filter(own)
        .for_each(|line| line.case_id = None);
    let after = Some(json!({ "case_id": null, "ended": case }));
    if order.all_back() {
        order.go(OrderDeed::Refund, Party::System, OrderState::Cancelled)?;
        order.cancelled_at = Some(now);
        let done = step::Done {
            after,
            ..step::Done::new(&By::SYSTEM, OrderDeed::Refund).remark("已全部退款")
        };
        let words = said::with("订单已取消", done.remark);
        put(app, tx, order, was, done, &[words]).await?;
        let kept = order.paid.minus(order.refunded)?;
        return settle::completed(tx, order.id, kept, now).await;
    }
    if order.all_else_sent() {
        order.go(OrderDeed::Refund, Party::System, OrderState::Shipped)?;
        order.all_sent(&queries::rules(tx).await?, now);
        let done = step::Done {
            after,
            ..step::Done::new(&By::SYSTEM, OrderDeed::Refund)
        };
        let words = "其余商品已退款,订单已全部发货".to_owned();
        return put(app, tx, order, was, done, &[words]).await;
    }
    let done = step::Done {
        after,
        ..step::Done::new(by, OrderDeed::Apply)
    };
    put(app, tx, order, was, done, &[]).await
}

/// Sends other goods in the place of those that came back. Refuses with `conflict` a number that the order has already.
pub(crate) async fn send_again(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    package: Package,
    (by, user): (&By, UserId),
) -> Result<()> {
    if !queries::add_package(tx, order.id, &package, user).await? {
        let sentence = format!(
            "This order has a package {} already.",
            package.tracking_number
        );
        return Err(refused_because(
            Refusal::Conflict,
            &"tracking_number",
            sentence,
        ));
    }
    let done = step::Done {
        after: serde_json::to_value(&package).ok(),
        ..step::Done::new(by, OrderDeed::Apply)
    };
    let words = [said::shipped(&package.tracking_number)];
    order.packages.push(package);
    put(app, tx, order, order.state, done, &words).await
}

async fn put(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    was: OrderState,
    done: step::Done<'_>,
    said: &[String],
) -> Result<()> {
    queries::save_lines(tx, order).await?;
    step::write(app, tx, order, was, done, said).await
}

impl Concern<'_> {
    fn names(&self, line: &Line) -> bool {
        self.lines.iter().any(|part| part.line == line.line)
    }

    fn units(&self, line: &Line) -> u32 {
        let part = self.lines.iter().find(|part| part.line == line.line);
        part.map_or(0, |part| part.units)
    }
}

impl Order {
    /// Refuses what is not in the order, twice named, more than is there, or under another case.
    fn require_there(&self, concern: &Concern<'_>) -> Result<()> {
        let mut seen = std::collections::BTreeSet::new();
        for part in concern.lines {
            let line = self.lines.iter().find(|line| line.line == part.line);
            let line = line.filter(|_| seen.insert(part.line)).ok_or_else(|| {
                refused_argument("lines", "names each line of the order at most once")
            })?;
            if line.case_id.is_some() {
                let sentence = format!("A case is open on line {} already.", line.line);
                return Err(refused_because(Refusal::Conflict, &"lines", sentence));
            }
            let most = if concern.sent {
                line.with_customer()
            } else {
                line.ready()
            };
            if part.units == 0 || part.units > most.unsigned_abs() {
                return Err(refused_argument(
                    "lines",
                    &format!("has 1 to {most} units of line {}", line.line),
                ));
            }
        }
        if seen.is_empty() {
            return Err(refused_argument("lines", "names a line"));
        }
        Ok(())
    }

    /// What was paid for these units: each line's share of the discount is taken off, and the steps in which its units go back add up to
    /// the line. Freight goes back with the last units of an order of which nothing was ever sent (decision 40 of the specification).
    pub(crate) fn worth(&self, concern: &Concern<'_>) -> Result<Money> {
        let rest = self.paid.minus(self.refunded)?;
        if self.ends_unsent(concern) {
            return Ok(rest);
        }
        let mut sum = Money::ZERO;
        for (line, paid) in self.lines.iter().zip(self.paid_for_lines()?) {
            let (all, was) = (line.units.unsigned_abs(), line.refunded.unsigned_abs());
            let (before, after) = (
                paid.first_units(was, all),
                paid.first_units(was + concern.units(line), all),
            );
            sum = sum.plus(after.minus(before)?)?;
        }
        Ok(sum.min(rest))
    }

    /// What was paid for each line, net of its share of the discount.
    fn paid_for_lines(&self) -> Result<Vec<Money>, TooMuch> {
        let net = |line: &Line| line.total.minus(line.discount);
        self.lines.iter().map(net).collect()
    }

    /// Nothing was ever sent, and with these units nothing will be.
    fn ends_unsent(&self, concern: &Concern<'_>) -> bool {
        let none =
            |line: &Line| line.shipped == 0 && line.left().unsigned_abs() == concern.units(line);
        !concern.sent && self.lines.iter().all(none)
    }

    fn count_back(&mut self, concern: &Concern<'_>) {
        for line in &mut self.lines {
            let units = concern.units(line).cast_signed();
            line.refunded += units;
            if !concern.sent {
                line.dropped += units;
            }
        }
    }

    /// All money for all lines is back, and the order is not fulfilled.
    fn all_back(&self) -> bool {
        let back = |line: &Line| line.refunded == line.units && line.case_id.is_none();
        self.state != OrderState::Completed && self.lines.iter().all(back)
    }

    /// What was still to be sent is not any more, and its money is back.
    fn all_else_sent(&self) -> bool {
        let waits = |line: &Line| line.case_id.is_some() && line.dropped > 0;
        self.state == OrderState::PartiallyShipped
            && self.nothing_left()
            && !self.lines.iter().any(waits)
    }

    /// Until when money or goods can be asked back; and is it that late?
    pub(crate) fn after_sale_over(&self, now: Timestamp) -> bool {
        self.after_sale_until().is_some_and(|until| now > until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proto::{DeliveryMethod, PaymentStatus, PaymentTerms};

    use super::*;
    use crate::id::{ConversationId, OrderId, ProductId, ShopId, UserId, VariantId};

    fn line((number, (units, total)): (i16, (i32, i64))) -> Line {
        Line {
            line: number,
            product_id: ProductId::new(),
            variant_id: VariantId::new(),
            bundle_id: None,
            title: "thing".to_owned(),
            choice: vec![],
            units,
            list_price: Money::minor(total),
            price: Money::minor(total),
            total: Money::minor(total),
            discount: Money::ZERO,
            gift: false,
            shipped: 0,
            refunded: 0,
            dropped: 0,
            case_id: None,
            short: 0,
            short_reason: None,
        }
    }

    /// A paid order of lines with so many units for so much.
    fn paid(lines: Vec<(i32, i64)>, freight: i64, off: i64) -> Order {
        let goods: i64 = lines.iter().map(|(_, total)| total).sum();
        let (discount, now) = (off.min(goods), Timestamp::UNIX_EPOCH);
        let total = Money::minor(goods + freight - discount);
        let weights: Vec<u64> = lines
            .iter()
            .map(|(_, total)| total.unsigned_abs())
            .collect();
        let mut lines: Vec<Line> = (1..).zip(lines).map(line).collect();
        for (line, share) in lines.iter_mut().zip(Money::minor(discount).split(&weights)) {
            line.discount = share.min(line.total);
        }
        Order {
            id: OrderId::new(),
            shop_id: ShopId::new(),
            number: None,
            customer_id: UserId::new(),
            customer_name: String::new(),
            conversation_id: ConversationId::new(),
            card_number: 1,
            source: String::new(),
            state: OrderState::Accepted,
            payment_status: PaymentStatus::Paid,
            terms: PaymentTerms::PayFirst,
            delivery_method: DeliveryMethod::Express,
            currency: "CNY".to_owned(),
            goods: Money::minor(goods),
            freight: Money::minor(freight),
            discount: Money::minor(discount),
            total,
            paid: total,
            refunded: Money::ZERO,
            extra: Money::ZERO,
            revision: 1,
            hash: String::new(),
            version: 1,
            requests: String::new(),
            remark: String::new(),
            expected_at: None,
            policy: String::new(),
            policy_version: 0,
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
            promotions: vec![],
        }
    }

    /// Takes some units of a line back, as a refund does; what is more than there is takes what there is.
    fn take_back(order: &mut Order, line: usize, units: u32, sent: bool) -> Money {
        let line = &order.lines[line % order.lines.len()];
        let most = if sent {
            line.with_customer()
        } else {
            line.left()
        };
        let units = units.min(most.unsigned_abs());
        let lines = [LineUnits {
            line: line.line,
            units,
        }];
        let concern = Concern {
            case: CaseId::new(),
            lines: &lines,
            sent,
        };
        let amount = match units {
            0 => Money::ZERO,
            _ => order.worth(&concern).unwrap(),
        };
        order.count_back(&concern);
        order.give_back(amount).unwrap();
        amount
    }

    /// AFS-02: the last moment counts.
    #[test]
    fn it_is_open_for_fifteen_days_and_no_longer() {
        let mut order = paid(vec![(1, 100)], 0, 0);
        let now = Timestamp::UNIX_EPOCH;
        assert!(!order.after_sale_over(now), "not completed");
        order.completed_at = Some(now);
        let last = now + jiff::SignedDuration::from_hours(15 * 24);
        assert!(!order.after_sale_over(last));
        assert!(order.after_sale_over(last + jiff::SignedDuration::from_nanos(1)));
    }

    proptest! {
        /// AFS-03, AFS-07: whatever goes back in whatever steps is never more than was paid; when everything has, it is exactly what
        /// was paid, and the freight is kept only if something was sent.
        #[test]
        fn refunds_add_up_to_what_was_paid(
            lines in prop::collection::vec((1..9i32, 0..100_000i64), 1..6),
            (freight, off) in (0..2_000i64, 0..50_000i64),
            shipped in prop::collection::vec(0..9i32, 6),
            steps in prop::collection::vec((any::<usize>(), 1..4u32, any::<bool>()), 0..20),
        ) {
            let mut order = paid(lines, freight, off);
            for (line, shipped) in order.lines.iter_mut().zip(shipped) {
                line.shipped = shipped.min(line.units);
            }
            let mut back = Money::ZERO;
            for (line, units, sent) in steps {
                back = back.plus(take_back(&mut order, line, units, sent)).unwrap();
                prop_assert!(back <= order.paid && back == order.refunded);
            }
            for line in 0..order.lines.len() {
                for sent in [false, true] {
                    back = back.plus(take_back(&mut order, line, 9, sent)).unwrap();
                }
            }
            let sent = order.lines.iter().any(|line| line.shipped > 0);
            let kept = if sent { order.freight } else { Money::ZERO };
            prop_assert_eq!(back, order.paid.minus(kept).unwrap());
            prop_assert!(order.all_back());
        }
    }
}
