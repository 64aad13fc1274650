//! What an order gets without claiming it: what promotions and a coupon take off, split over its lines once, and gifts as lines of their own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Line, Order};
use crate::{
    coupon::evaluate::Applied as Coupon,
    error::{Error, Refusal, Result},
    id::{HolderId, PromotionId, VariantId},
    money::Money,
    product::price::{Priced, Quote},
    promotion::{
        self, Campaign, Kind,
        evaluate::{self, Applied, Verdict},
        gifts::{self, Basket, EarnedGift},
    },
    store::Tx,
};

/// What a promotion did for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OrderPromotion)]
pub struct Earned {
    /// Which.
    pub promotion_id: PromotionId,
    /// Its name then.
    pub name: String,
    /// Which kind of promotion it is.
    pub kind: Kind,
    /// Coupons count beside it.
    pub stacks_with_coupons: bool,
    /// From where on the tier counts that was reached; null: it has none.
    pub reached: Option<i64>,
    /// `tiered`: its part of the order's discount; `flash`: what is in the prices of its lines already. Minor units.
    pub reduced: Money,
    /// The lines that it counted for.
    pub lines: Vec<i16>,
    /// The lines that it gave, at price 0.
    pub gift_lines: Vec<i16>,
    /// When it was running.
    #[schema(value_type = String)]
    pub judged_at: Timestamp,
}

/// What an order is judged by.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a> {
    /// The tiered promotions that are running.
    pub campaigns: &'a [Campaign],
    /// When.
    pub now: Timestamp,
    /// Gifts that were gone when they were to be held.
    pub gone: &'a [VariantId],
}

impl Order {
    /// What a coupon takes off its lines, and what promotions do: both anew. Gifts that are sold out are left out.
    pub(super) async fn reduce(
        &mut self,
        tx: &mut Tx,
        coupon: Option<&Coupon>,
        judged: Judged<'_>,
    ) -> Result<()> {
        self.promotions.retain(|one| one.kind == Kind::Flash);
        self.lines.retain(|line| !line.gift);
        self.discount = coupon.map_or(Money::ZERO, |coupon| coupon.deduction);
        for (place, line) in self.lines.iter_mut().enumerate() {
            let share = coupon.and_then(|coupon| coupon.shares.get(place));
            line.discount = share.copied().unwrap_or_default();
        }
        if !judged.campaigns.is_empty() {
            let stacks = coupon.map(|coupon| coupon.stacks_with_promotions);
            let verdict = evaluate::evaluate(judged.campaigns, &self.promotable()?, stacks)?;
            let basket = Basket {
                holder: self.holder(),
                wanted: &self.units(),
                gone: judged.gone,
            };
            let gifts = gifts::earned(tx, &verdict, basket).await?;
            self.earn(&verdict, &gifts, judged.now)?;
        }
        Ok(self.agree()?)
    }

    fn promotable(&self) -> Result<Vec<evaluate::Line>> {
        let line = |line: &Line| {
            Ok(evaluate::Line {
                product: line.product_id,
                units: line.units.unsigned_abs(),
                price: line.total,
                left: line.total.minus(line.discount)?,
            })
        };
        self.lines.iter().map(line).collect()
    }

    fn earn(&mut self, verdict: &Verdict, gifts: &[EarnedGift], now: Timestamp) -> Result<()> {
        self.discount = self.discount.plus(verdict.reduction()?)?;
        for applied in &verdict.applied {
            let mut earned = Earned::of(applied, now);
            for (line, share) in self.lines.iter_mut().zip(&applied.shares) {
                line.discount = line.discount.plus(*share)?;
                if *share > Money::ZERO {
                    earned.lines.push(line.line);
                }
            }
            self.promotions.push(earned);
        }
        for gift in gifts.iter().filter(|gift| !gift.sold_out) {
            let number = self.lines.last().map_or(1, |last| last.line + 1);
            let by = self.promotions.iter_mut();
            for earned in by.filter(|one| one.promotion_id == gift.promotion_id) {
                earned.gift_lines.push(number);
            }
            self.lines.push(gift_line(number, gift));
        }
        Ok(())
    }

    /// Refuses with `promotion_state` unless what is in its prices and discount is running still.
    pub(super) async fn require_promotions(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let does = |one: &&Earned| one.reduced > Money::ZERO || !one.gift_lines.is_empty();
        let ids: Vec<_> = self
            .promotions
            .iter()
            .filter(does)
            .map(|one| one.promotion_id)
            .collect();
        promotion::require_running(tx, &ids, now).await
    }

    /// Without the gifts of these variants. Says whether there was one.
    pub(super) fn forgo_gifts(&mut self, gone: &[VariantId]) -> bool {
        let goes = |line: &Line| line.gift && gone.contains(&line.variant_id);
        let numbers: Vec<i16> = self
            .lines
            .iter()
            .filter(|line| goes(line))
            .map(|line| line.line)
            .collect();
        self.lines.retain(|line| !goes(line));
        for earned in &mut self.promotions {
            earned.gift_lines.retain(|line| !numbers.contains(line));
        }
        !numbers.is_empty()
    }

    /// Which of its gifts there is not enough of any more, by the refusal of the stock; any other refusal stays one.
    pub(super) fn gift_gone(&self, refused: Error) -> Result<VariantId> {
        if let Error::Refused(reason) = &refused
            && reason.code == Refusal::OutOfStock
            && let Ok(variant) = reason.field.parse::<VariantId>()
            && self
                .lines
                .iter()
                .any(|line| line.gift && line.variant_id == variant)
        {
            return Ok(variant);
        }
        Err(refused)
    }
}

/// What promotions would do for a basket that is not ordered yet, beside this coupon.
pub(super) async fn considered(
    tx: &mut Tx,
    quote: &Quote,
    coupon: Option<&Coupon>,
) -> Result<(Verdict, Vec<EarnedGift>)> {
    if quote.campaigns.is_empty() {
        return Ok((Verdict::default(), vec![]));
    }
    let mut lines = vec![];
    for (place, line) in quote.lines.iter().enumerate() {
        let share = coupon.and_then(|coupon| coupon.shares.get(place));
        lines.push(evaluate::Line {
            product: line.product_id,
            units: line.units,
            price: line.total,
            left: line.total.minus(share.copied().unwrap_or_default())?,
        });
    }
    let stacks = coupon.map(|coupon| coupon.stacks_with_promotions);
    let verdict = evaluate::evaluate(&quote.campaigns, &lines, stacks)?;
    let basket = Basket {
        holder: HolderId::new(),
        wanted: &quote.units(),
        gone: &[],
    };
    let gifts = gifts::earned(tx, &verdict, basket).await?;
    Ok((verdict, gifts))
}

impl Earned {
    fn of(applied: &Applied, now: Timestamp) -> Self {
        Self {
            promotion_id: applied.promotion_id,
            name: applied.name.clone(),
            kind: Kind::Tiered,
            stacks_with_coupons: applied.stacks_with_coupons,
            reached: Some(applied.reached),
            reduced: applied.reduction,
            lines: vec![],
            gift_lines: vec![],
            judged_at: now,
        }
    }
}

/// The flash discounts in the prices of these lines, numbered from 1.
pub(super) fn flashes(priced: &[Priced]) -> Result<Vec<Earned>> {
    let mut of: BTreeMap<PromotionId, Earned> = BTreeMap::new();
    for (number, line) in (1..).zip(priced) {
        let Some(flash) = &line.flash else {
            continue;
        };
        let earned = of.entry(flash.promotion_id).or_insert_with(|| Earned {
            promotion_id: flash.promotion_id,
            name: flash.name.clone(),
            kind: Kind::Flash,
            stacks_with_coupons: flash.stacks_with_coupons,
            reached: None,
            reduced: Money::ZERO,
            lines: vec![],
            gift_lines: vec![],
            judged_at: flash.server_time,
        });
        let off = flash.before.minus(flash.price)?.times(line.units)?;
        earned.reduced = earned.reduced.plus(off)?;
        earned.lines.push(number);
    }
    Ok(of.into_values().collect())
}

/// It costs nothing, lists for nothing, so that no coupon counts it, and nothing is paid back for it.
fn gift_line(number: i16, gift: &EarnedGift) -> Line {
    Line {
        line: number,
        product_id: gift.product_id,
        variant_id: gift.variant_id,
        bundle_id: None,
        title: format!("赠品:{}", gift.title),
        choice: gift.choice.clone(),
        units: gift.units.cast_signed(),
        list_price: Money::ZERO,
        price: Money::ZERO,
        total: Money::ZERO,
        discount: Money::ZERO,
        gift: true,
        shipped: 0,
        refunded: 0,
        dropped: 0,
        case_id: None,
        short: 0,
        short_reason: None,
    }
}
