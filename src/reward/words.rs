//! What customers hear of what they have earned, in the language of the shops.

use super::Trigger;

/// Said once with each coupon; `friends` is 0 to a friend.
pub(super) fn earned(trigger: Trigger, friends: i64, title: &str) -> String {
    let because = match (trigger, friends) {
        (Trigger::Followed, _) => "感谢关注".to_owned(),
        (Trigger::OrderPaid, _) => "感谢下单".to_owned(),
        (_, 0) => "您由好友邀请而来".to_owned(),
        (Trigger::FriendsJoined, friends) => format!("您已邀请 {friends} 位好友入群"),
        (Trigger::FriendsOrdered, friends) => format!("您邀请的好友已有 {friends} 位下单"),
    };
    format!("{because},优惠券「{title}」已放入您的卡包")
}
