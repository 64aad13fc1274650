//! Coupons: the terms that a shop issues ([`Template`]), some of them dropped into a conversation as a card ([`Gift`]), and one in
//! somebody's wallet ([`Coupon`]).
//!
//! Whether there is one more is decided by one conditional statement on the template's or the gift's row, whose number of changed rows
//! is the answer; who has had how many is decided by unique rows. What a coupon takes off a basket is said by [`evaluate`], which
//! knows no database. Who has ordered what is read in `orders`, whose noun knows this one and not the other way round.

pub mod batch;
pub mod books;
mod card;
pub mod change;
pub mod claim;
pub mod code;
pub mod create;
pub(crate) mod earn;
mod eligible;
pub mod evaluate;
pub mod give;
pub mod help;
pub mod list;
pub(crate) mod packed;
mod picture;
pub mod press;
pub(crate) mod prize;
mod queries;
pub(crate) mod redeem;
pub mod report;
pub mod task;
pub mod terms;
pub mod time_out;
pub mod wallet;
pub mod watch;
mod words;

use jiff::Timestamp;
use proto::{CouponSource, CouponState, CouponTemplateState, GiftState};
use serde::Serialize;

use self::{
    task::Conditions,
    terms::{Aim, Eligibility, Limits, Terms, Validity},
};
use crate::{
    clock::millis,
    id::{ConversationId, CouponId, CouponTemplateId, GiftId, OrderId, ShopId, UserId},
    money::Money,
};

/// The terms that a shop issues, and how many are out.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CouponTemplate)]
pub struct Template {
    /// Its id.
    pub id: CouponTemplateId,
    /// Where it stands.
    pub state: CouponTemplateState,
    /// What a coupon takes off; frozen by the first claim.
    pub terms: Terms,
    /// When a coupon can be used; frozen by the first claim.
    pub validity: Validity,
    /// Who may claim one.
    pub eligibility: Eligibility,
    /// What is to be done before a claim.
    pub conditions: Conditions,
    /// What it is issued for (CPN-20).
    pub aim: Aim,
    /// How many, for how much, when, and how many each.
    pub limits: Limits,
    /// Coupons that were claimed one by one.
    pub claimed: i64,
    /// Coupons that went out with gifts and have not come back.
    pub given: i64,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// Coupons dropped into a conversation.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CouponGift)]
pub struct Gift {
    /// Its id.
    pub id: GiftId,
    /// Of what.
    pub template_id: CouponTemplateId,
    /// Where.
    pub conversation_id: ConversationId,
    /// The message there that shows it.
    pub card_number: i64,
    /// For whom alone it is; null: for whoever claims one.
    pub customer_id: Option<UserId>,
    /// How many there were.
    pub pieces: i64,
    /// How many are claimed.
    pub claimed: i64,
    /// Until when one can be claimed.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
    /// When what was left went back.
    #[schema(value_type = Option<String>)]
    pub closed_at: Option<Timestamp>,
}

/// A coupon in a wallet.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Coupon {
    /// Its id.
    pub id: CouponId,
    /// Where it counts.
    pub shop_id: ShopId,
    /// What it was made from.
    pub template_id: CouponTemplateId,
    /// What it takes off.
    pub terms: Terms,
    /// Only for the first order in the shop.
    pub first_order_only: bool,
    /// How it came here.
    pub source: CouponSource,
    /// Where it stands.
    pub state: CouponState,
    /// From when it can be used.
    #[schema(value_type = String)]
    pub valid_from: Timestamp,
    /// From then on it takes nothing off.
    #[schema(value_type = String)]
    pub valid_until: Timestamp,
    /// When it came here.
    #[schema(value_type = String)]
    pub claimed_at: Timestamp,
    /// The order that it is locked on, or was used for.
    pub order_id: Option<OrderId>,
    /// What it takes off that order, in minor units.
    pub deducted: Option<Money>,
    /// When that order was paid.
    #[schema(value_type = Option<String>)]
    pub used_at: Option<Timestamp>,
}

impl Template {
    /// Coupons that are out, gifts included.
    pub fn out(&self) -> i64 {
        self.claimed + self.given
    }

    /// How many more there are, by quantity and budget; `None`: as many as are claimed.
    pub fn left(&self) -> Option<i64> {
        let by_quantity = self.limits.quantity.map(|quantity| quantity - self.out());
        let by_budget = self
            .affordable()
            .map(|coupons| (coupons - self.out()).max(0));
        by_quantity.into_iter().chain(by_budget).min()
    }

    /// How many coupons the budget is enough for.
    fn affordable(&self) -> Option<i64> {
        let (budget, worth) = (self.limits.budget?, self.terms.face.worth()?);
        Some(budget.in_minor() / worth.in_minor().max(1))
    }
}

impl Gift {
    /// How many are left.
    pub fn left(&self) -> i64 {
        self.pieces - self.claimed
    }

    /// Where it stands.
    pub fn state(&self, now: Timestamp) -> GiftState {
        if self.left() <= 0 {
            GiftState::Gone
        } else if self.closed_at.is_some() || self.ends_at <= now {
            GiftState::Ended
        } else {
            GiftState::Open
        }
    }
}

impl Coupon {
    /// Where it stands at this moment, whether or not the clock has come by.
    #[must_use]
    pub(crate) fn at(mut self, now: Timestamp) -> Self {
        if matches!(self.state, CouponState::Usable | CouponState::Held) && self.valid_until <= now
        {
            self.state = CouponState::Expired;
        }
        self
    }

    /// As the contract has it.
    pub fn wire(&self) -> proto::Coupon {
        proto::Coupon {
            id: self.id.to_string(),
            template_id: self.template_id.to_string(),
            shop_id: self.shop_id.to_string(),
            title: self.terms.title.clone(),
            state: self.state.into(),
            valid_from: millis(self.valid_from),
            valid_until: millis(self.valid_until),
        }
    }
}
