//! What the server says of coupons, in the language of the shops.

use jiff::Timestamp;
use proto::GiftState;

use super::{Gift, Template, watch::Watch};

/// One line for lists: `优惠券 · 满50减10 · 剩 37 张`.
pub(super) fn summary(template: &Template, gift: &Gift, now: Timestamp) -> String {
    let title = &template.terms.title;
    if gift.customer_id.is_some() {
        return format!("优惠券 · {title}");
    }
    match gift.state(now) {
        GiftState::Gone => format!("优惠券 · {title} · 已抢光"),
        GiftState::Ended => format!("优惠券 · {title} · 已结束"),
        _ => format!("优惠券 · {title} · 剩 {} 张", gift.left()),
    }
}

/// Said once before a coupon ends (CPN-12); the time is that of the shop's clock.
pub(super) fn ending(title: &str, until: &str) -> String {
    format!("您的优惠券「{title}」将于 {until} 到期,请尽快使用")
}

/// Told to staff once when many young accounts claim together (RISK-01).
pub(super) fn abnormal(title: &str, coupons: i64, watch: &Watch) -> String {
    let held = if watch.hold {
        ",已冻结待审核"
    } else {
        ""
    };
    let Watch {
        minutes,
        young_minutes,
        ..
    } = watch;
    format!(
        "优惠券「{title}」领取异常:{minutes} 分钟内有 {coupons} 张被注册不足 {young_minutes} 分钟的新账号领取{held}"
    )
}
