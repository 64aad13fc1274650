//! The picture of an order in its conversation. It shows nobody's phone or address: whoever sees the conversation sees it.

use proto::{Card, OrderCard, OrderCardLine, OrderCardPackage, json::Word as _};

use super::{Line, Order, Package, graph::Party, words};
use crate::clock::millis;

pub(super) fn draw(order: &Order) -> Card {
    Card {
        summary: summary(order),
        order: Some(Box::new(OrderCard {
            order_id: order.id.to_string(),
            number: order.number.clone().unwrap_or_default(),
            state: order.state.into(),
            payment_status: order.payment_status.into(),
            terms: order.terms.into(),
            delivery_method: order.delivery_method.into(),
            lines: order.lines.iter().map(line).collect(),
            currency: order.currency.clone(),
            goods: order.goods.in_minor(),
            freight: order.freight.in_minor(),
            discount: order.discount.in_minor(),
            total: order.total.in_minor(),
            paid: order.paid.in_minor(),
            refunded: order.refunded.in_minor(),
            revision: order.revision.unsigned_abs(),
            hash: order.hash.clone(),
            packages: order.packages.iter().map(package).collect(),
            customer_may: deeds(order, Party::Customer),
            staff_may: deeds(order, Party::Staff),
            pay_by: order.pay_by.map_or(0, millis),
            expected_at: order.expected_at.map_or(0, millis),
            owner_name: order.owner_name.clone().unwrap_or_default(),
            policy: order.policy.clone(),
            policy_version: order.policy_version.unsigned_abs(),
            remark: order.remark.clone(),
        })),
        ..Card::default()
    }
}

fn deeds(order: &Order, who: Party) -> Vec<i32> {
    order.may(who).into_iter().map(i32::from).collect()
}

/// One line for lists: `WS20250101001 · 连衣裙 … · 159 元 · pending_payment`.
fn summary(order: &Order) -> String {
    let number = order.number.as_deref().unwrap_or("订单预览");
    let first: String = order
        .lines
        .first()
        .map_or("", |line| &line.title)
        .chars()
        .take(40)
        .collect();
    format!(
        "{number} · {first} · {} · {}",
        words::amount(order, order.total),
        order.state.word()
    )
}

fn line(line: &Line) -> OrderCardLine {
    OrderCardLine {
        product_id: line.product_id.to_string(),
        variant_id: line.variant_id.to_string(),
        title: line.title.clone(),
        choice: line.choice.clone(),
        units: line.units.unsigned_abs(),
        price: line.price.in_minor(),
        total: line.total.in_minor(),
        shipped: line.shipped.unsigned_abs(),
        refunded: line.refunded.unsigned_abs(),
        short: line.short.unsigned_abs(),
    }
}

fn package(package: &Package) -> OrderCardPackage {
    OrderCardPackage {
        carrier: package.carrier.clone(),
        tracking_number: package.tracking_number.clone(),
    }
}
