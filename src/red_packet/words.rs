//! What the server says of red packets, in the language of the shops.

use proto::RedPacketState;

use super::RedPacket;
use crate::money::{Currency, Money};

/// What a shop says with a red packet if it says nothing else.
pub(super) const GREETING: &str = "恭喜发财,大吉大利";

/// One line for lists: `红包 · 恭喜发财,大吉大利`.
pub(super) fn summary(red_packet: &RedPacket) -> String {
    let greeting = &red_packet.rules.greeting;
    match red_packet.state {
        RedPacketState::Emptied => format!("红包 · {greeting} · 已领完"),
        RedPacketState::Returned => format!("红包 · {greeting} · 已过期"),
        _ => format!("红包 · {greeting}"),
    }
}

/// Said to a customer whom the shop has paid what it owed them.
pub(super) fn paid(amount: Money, currency: &str, note: &str) -> String {
    let written = match Currency::parse(currency) {
        Ok(known) if currency == "CNY" => format!("{} 元", known.write(amount)),
        Ok(known) => format!("{} {currency}", known.write(amount)),
        Err(_) => format!("{} {currency}", amount.in_minor()),
    };
    format!("店铺已向您支付红包余额 {written}({note})。如未收到,请在此联系店铺")
}
