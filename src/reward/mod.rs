//! Rewards: a shop's rule says what a customer gets a coupon for — following the shop, paying an order, friends who join its groups, friends
//! who buy — and each event is rewarded once, however often it is heard of and by how many nodes: a [`Grant`] is unique for rule, customer and
//! event, and a friend counts once for a rule.
//!
//! The coupon comes out of its template like a claimed one, within all its limits; what a template cannot give is written down as not given.
//! Who ordered and who invited whom is read where it lies, in `orders`, `invited_friends` (which lotteries count by as well) and `shop_visits`.

pub mod books;
mod grant;
pub mod hear;
mod queries;
pub mod rule;
pub mod show;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CouponId, CouponTemplateId, RewardGrantId, RewardRuleId, UserId};

/// What a coupon is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RewardTrigger)]
pub enum Trigger {
    /// Somebody follows the shop for the first time (CPN-08).
    Followed,
    /// Somebody has paid an order: each of them (CPN-08).
    OrderPaid,
    /// A friend came into one of the shop's groups by somebody's invitation, for the first time (GRP-03).
    FriendsJoined,
    /// A friend who came by somebody's link or invitation has paid their first order (PRO-10, PRO-11).
    FriendsOrdered,
}

impl Trigger {
    /// Is it about friends whom somebody brings?
    fn counts_friends(self) -> bool {
        matches!(self, Self::FriendsJoined | Self::FriendsOrdered)
    }

    /// As the contract and the database have it.
    fn word(self) -> &'static str {
        match self {
            Self::Followed => "followed",
            Self::OrderPaid => "order_paid",
            Self::FriendsJoined => "friends_joined",
            Self::FriendsOrdered => "friends_ordered",
        }
    }
}

/// What a shop gives for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RewardRule)]
pub struct Rule {
    /// Its id.
    pub id: RewardRuleId,
    /// For what.
    pub trigger: Trigger,
    /// One coupon for so many friends.
    pub friends: i32,
    /// So many times one customer is rewarded at most; null: any number.
    pub most: Option<i32>,
    /// What whoever did it gets, or who brought the friends; null: nothing.
    pub template_id: Option<CouponTemplateId>,
    /// What each friend gets; null: nothing.
    pub friend_template_id: Option<CouponTemplateId>,
    /// What happened before it counts for nothing.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// From then on nothing is given; null: it goes on.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
}

impl Rule {
    /// How many times somebody is to be rewarded who has brought so many friends.
    fn due(&self, friends: i64) -> i64 {
        let times = friends / i64::from(self.friends.max(1));
        self.most.map_or(times, |most| times.min(most.into()))
    }
}

/// What a rule gave, or could not give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RewardGrant)]
pub struct Grant {
    /// Its id.
    pub id: RewardGrantId,
    /// Who earned it.
    pub customer_id: UserId,
    /// For what: `followed`, the order's id, `friends:2` for the second time that enough friends were there, or `invited`.
    pub event: String,
    /// What they have got; null: nothing.
    pub coupon_id: Option<CouponId>,
    /// Why they have got nothing: the word of a refusal, e.g. `coupon_sold_out`.
    pub refused: Option<String>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GRP-03: three friends are one reward, six are two, and no more than the rule's most.
    #[test]
    fn enough_friends_are_a_reward() {
        let rule = Rule {
            id: RewardRuleId::new(),
            trigger: Trigger::FriendsJoined,
            friends: 3,
            most: Some(2),
            template_id: None,
            friend_template_id: None,
            created_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
        };
        assert_eq!(
            [0, 2, 3, 5, 6, 30].map(|friends| rule.due(friends)),
            [0, 0, 1, 1, 2, 2]
        );
    }
}
