//! What after-sale does with an order, under its lock: lines are bound to a case and let go again, money goes back, other goods
//! are sent. What units are worth is said by `worth.rs`.

use proto::{OrderDeed, OrderState};
use serde_json::json;

use super::{Line, Order, Package, graph::Party, queries, step, words as said};
pub(crate) use super::{
    step::{By, hold, of_customer, of_staff},
    words::amount as written,
    worth::Concern,
};
use crate::{
    app::App,
    error::{Refusal, Result, refused_argument, refused_because},
    id::{CaseId, UserId},
    money::Money,
    payment::{self, refund::Wanted, settle},
    store::Tx,
};

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
}
