//! What the shop's conversation says by itself about an order. The fixed texts stand word for word (CHAT-06).

use super::{Line, Order, offer::Offer};
use crate::money::{Currency, Money};

/// On acceptance (ORD-08).
pub(super) const ACCEPTED: &str = "订单已确认,正在备货";

/// On shipment of a package (LOG-04).
pub(super) fn shipped(number: &str) -> String {
    format!("订单已发货,物流单号:{number},可在‘我的订单’中查看物流进度")
}

/// Units of a line are not there; what is said about it comes after (INV-04).
pub(super) fn short(line: &Line, units: u32) -> String {
    format!("抱歉,{} 暂时缺货", piece(line, units))
}

/// The customer waits for them.
pub(super) const CHOSE_TO_WAIT: &str = "已选择:等待补货后发货";

/// Why the rest goes back when something cheaper is sent.
pub(super) const DIFFERENCE: &str = "换货差价";

/// Something similar is sent instead.
pub(super) fn exchanged(order: &Order, offer: &Offer, less: Money) -> String {
    let back = match less {
        Money::ZERO => String::new(),
        less => format!(",差价 {} 已退回", amount(order, less)),
    };
    format!("已选择:换成 {}{back}", offer.title)
}

/// They have come in (INV-05).
pub(super) fn arrived(line: &Line, units: u32) -> String {
    format!("{} 已到货,将优先为您发货", piece(line, units))
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

/// For staff: another sum came in than the one that is owed; both are named.
pub(super) fn paid_otherwise(order: &Order, came: Money) -> String {
    format!(
        "订单付款金额不符:{},客户:{},应付:{},实付:{}",
        number(order),
        order.customer_name,
        amount(order, order.total),
        amount(order, came)
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
    let lines = order.lines.iter().take(5);
    let lines = lines.map(|line| piece(line, line.units.unsigned_abs()));
    let words = lines.collect::<Vec<_>>().join("、");
    match order.lines.len() {
        0..=5 => words,
        more => format!("{words} 等 {more} 项"),
    }
}

/// Units of a line: `连衣裙(M,蓝)×2`.
fn piece(line: &Line, units: u32) -> String {
    let choice = match line.choice.join(",") {
        choice if choice.is_empty() => String::new(),
        choice => format!("({choice})"),
    };
    let units = match units {
        1 => String::new(),
        units => format!("×{units}"),
    };
    format!("{}{choice}{units}", line.title)
}
