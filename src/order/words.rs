//! What the shop's conversation says by itself about an order. The fixed texts stand word for word (CHAT-06).

use super::Order;
use crate::money::{Currency, Money};

/// On acceptance (ORD-08).
pub(super) const ACCEPTED: &str = "订单已确认,正在备货";

/// On shipment of a package (LOG-04).
pub(super) fn shipped(number: &str) -> String {
    format!("订单已发货,物流单号:{number},可在‘我的订单’中查看物流进度")
}

/// Another thing that happened, with what was said about it.
pub(super) fn with(text: &str, remark: &str) -> String {
    if remark.is_empty() {
        text.to_owned()
    } else {
        format!("{text}:{remark}")
    }
}

/// `159 元`, `44.5 元`: as people write an amount.
pub(crate) fn amount(order: &Order, amount: Money) -> String {
    let Ok(currency) = Currency::parse(&order.currency) else {
        return format!("{} {}", amount.in_minor(), order.currency);
    };
    let written = currency.write(amount);
    let short = if written.contains('.') {
        written.trim_end_matches('0').trim_end_matches('.')
    } else {
        &written
    };
    match currency.code() {
        "CNY" => format!("{short} 元"),
        code => format!("{short} {code}"),
    }
}

/// The layout of the new-order alert (ALRT-01): `订单号:…,客户:…,商品:…(M 码,粉色),金额:159 元`.
pub(super) fn new_order(order: &Order) -> String {
    format!(
        "订单号:{},客户:{},商品:{},金额:{}",
        order.number.as_deref().unwrap_or_default(),
        order.customer_name,
        goods(order),
        amount(order, order.total)
    )
}

/// What the payer reads at the provider.
pub(super) fn description(order: &Order) -> String {
    format!("{} {}", number(order), goods(order))
}

/// For staff: the customer has changed it.
pub(super) fn changed(order: &Order) -> String {
    format!("订单已修改:{},客户:{}", number(order), order.customer_name)
}

/// For staff: the customer asks for a change.
pub(super) fn change_asked(order: &Order) -> String {
    format!(
        "订单修改申请:{},客户:{}",
        number(order),
        order.customer_name
    )
}

/// For staff: more was paid than was owed.
pub(super) fn paid_twice(order: &Order) -> String {
    format!(
        "订单重复付款:{},客户:{}",
        number(order),
        order.customer_name
    )
}

/// For staff: it is time to look at it again.
pub(super) fn follow_up(order: &Order) -> String {
    format!(
        "订单跟进提醒:{},客户:{}",
        number(order),
        order.customer_name
    )
}

fn number(order: &Order) -> &str {
    order.number.as_deref().unwrap_or_default()
}

/// The lines in words, at most five of them.
fn goods(order: &Order) -> String {
    let lines = order.lines.iter().take(5).map(|line| {
        let choice = match line.choice.join(",") {
            choice if choice.is_empty() => String::new(),
            choice => format!("({choice})"),
        };
        let units = match line.units {
            1 => String::new(),
            units => format!("×{units}"),
        };
        format!("{}{choice}{units}", line.title)
    });
    let words = lines.collect::<Vec<_>>().join("、");
    match order.lines.len() {
        0..=5 => words,
        more => format!("{words} 等 {more} 项"),
    }
}
