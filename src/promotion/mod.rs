//! Promotions: what a shop takes off, or gives on top, for a time, without anybody having to claim it.
//!
//! A flash discount ([`Flash`]) makes chosen products cost less: `product::price` puts it in the place of the product's price, so that
//! whoever shows or judges a price says the same. A tiered promotion ([`Campaign`]) takes money off a basket, or adds gifts to it, from an
//! amount or a number of pieces on: [`evaluate`] says which, and knows no database; `gifts` says which of the gifts are there. What a
//! promotion did for an order is kept with the order. Which is running is always asked with the moment at which the order is judged.

pub mod books;
pub mod change;
pub mod create;
pub mod evaluate;
pub(crate) mod gifts;
pub mod list;
mod queries;
pub mod show;
pub mod terms;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::terms::{Terms, Tiered};
use crate::{
    error::{Refusal, Result, refused_because},
    id::PromotionId,
    money::{BasisPoints, Money},
    store::Tx,
};

/// A promotion of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Promotion {
    /// Its id.
    pub id: PromotionId,
    /// What customers read, 1 to 60 characters.
    pub name: String,
    /// What it does; frozen when it begins.
    pub terms: Terms,
    /// Coupons count beside it; frozen when it begins.
    pub stacks_with_coupons: bool,
    /// From then on.
    #[schema(value_type = String)]
    pub starts_at: Timestamp,
    /// Not then any more.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
    /// When staff ended it before that.
    #[schema(value_type = Option<String>)]
    pub stopped_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// Where a promotion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PromotionStage)]
pub enum Stage {
    /// It has not begun.
    NotStarted,
    /// It counts.
    Running,
    /// It is over, or was stopped.
    Ended,
}

/// Which kind of promotion it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PromotionKind)]
pub enum Kind {
    /// 限时折扣: chosen products cost less.
    Flash,
    /// 满减, 满赠: money off, or gifts, from an amount or a number of pieces on.
    Tiered,
}

/// The flash discount that counts for a product now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = FlashPrice)]
pub struct Flash {
    /// Which promotion.
    pub promotion_id: PromotionId,
    /// Its name.
    pub name: String,
    /// `限时 8 折`; `限时折扣` where the rate has more than one decimal.
    pub label: String,
    /// Basis points that it takes off: 2000 is 8折.
    pub off: BasisPoints,
    /// One piece without it, in minor units.
    pub before: Money,
    /// One piece, in minor units.
    pub price: Money,
    /// Coupons count for it, too.
    pub stacks_with_coupons: bool,
    /// Not then any more.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
    /// What time it is here: `ends_at` less this is what a countdown shows.
    #[schema(value_type = String)]
    pub server_time: Timestamp,
}

/// A flash discount as it was found for a product.
pub(crate) struct FlashFound {
    /// Which promotion.
    pub promotion_id: PromotionId,
    /// Its name.
    pub name: String,
    /// Basis points that it takes off.
    pub off: BasisPoints,
    /// Not then any more.
    pub ends_at: Timestamp,
    /// Coupons count for it, too.
    pub stacks_with_coupons: bool,
}

/// A tiered promotion that is running.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Campaign {
    /// Which promotion.
    pub id: PromotionId,
    /// What customers read.
    pub name: String,
    /// Coupons count beside it.
    pub stacks_with_coupons: bool,
    /// Not then any more.
    pub ends_at: Timestamp,
    /// What it does.
    pub terms: Tiered,
}

impl Promotion {
    /// Where it stands.
    pub fn stage(&self, now: Timestamp) -> Stage {
        if self.stopped_at.is_some() || self.ends_at <= now {
            Stage::Ended
        } else if self.starts_at <= now {
            Stage::Running
        } else {
            Stage::NotStarted
        }
    }
}

impl FlashFound {
    /// What it makes of a price.
    pub(crate) fn on(self, before: Money, now: Timestamp) -> Flash {
        Flash {
            promotion_id: self.promotion_id,
            name: self.name,
            label: label(self.off),
            off: self.off,
            before,
            price: flash_price(before, self.off),
            stacks_with_coupons: self.stacks_with_coupons,
            ends_at: self.ends_at,
            server_time: now,
        }
    }
}

/// What a flash discount makes of a price: rounded half up, and never nothing.
pub(crate) fn flash_price(before: Money, off: BasisPoints) -> Money {
    off.off(before).max(Money::minor(1))
}

/// `限时 8 折`, `限时 8.5 折`, or `限时折扣`.
fn label(off: BasisPoints) -> String {
    let left = 10_000 - u32::from(off);
    match (left / 1_000, left % 1_000) {
        (whole, 0) => format!("限时 {whole} 折"),
        (whole, part) if part % 100 == 0 => format!("限时 {whole}.{} 折", part / 100),
        _ => "限时折扣".to_owned(),
    }
}

/// The tiered promotions of the shop that are running at a moment, the oldest first.
pub(crate) async fn running(tx: &mut Tx, now: Timestamp) -> Result<Vec<Campaign>> {
    queries::running(tx, now).await
}

/// Refuses with `promotion_state` (the field is the promotion's id) unless all of these are running.
pub(crate) async fn require_running(
    tx: &mut Tx,
    promotions: &[PromotionId],
    now: Timestamp,
) -> Result<()> {
    if promotions.is_empty() {
        return Ok(());
    }
    match queries::over(tx, promotions, now).await? {
        Some((id, name)) => {
            let sentence = format!("{name} is over: ask the shop for another preview.");
            Err(refused_because(Refusal::PromotionState, &id, sentence))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flash(off: u32, price: i64) -> (String, i64) {
        let found = FlashFound {
            promotion_id: PromotionId::new(),
            name: "flash".to_owned(),
            off: off.try_into().unwrap(),
            ends_at: Timestamp::UNIX_EPOCH,
            stacks_with_coupons: true,
        };
        let flash = found.on(Money::minor(price), Timestamp::UNIX_EPOCH);
        (flash.label, flash.price.in_minor())
    }

    /// PRO-01, PRO-02: 80 × 0.8 is 64.00; the label says the rate where it is short; nothing becomes free.
    #[test]
    fn a_rate_is_said_and_rounded_once() {
        assert_eq!(flash(2_000, 8_000), ("限时 8 折".to_owned(), 6_400));
        assert_eq!(flash(1_500, 999), ("限时 8.5 折".to_owned(), 849));
        assert_eq!(flash(1_234, 10_000), ("限时折扣".to_owned(), 8_766));
        assert_eq!(flash(9_999, 1), ("限时折扣".to_owned(), 1));
        assert_eq!(flash(9_500, 100), ("限时 0.5 折".to_owned(), 5));
    }
}
