use proptest::prelude::*;

use super::{
    super::terms::{Tier, Tiered},
    *,
};
use crate::id::VariantId;

fn tier(from: i64, off: i64) -> Tier {
    Tier {
        from,
        off: Money::minor(off),
        gifts: vec![],
    }
}

fn gift(from: i64) -> Tier {
    let gift = Gift {
        variant_id: VariantId::new(),
        units: 1,
    };
    Tier {
        gifts: vec![gift],
        ..tier(from, 0)
    }
}

fn campaign(measure: Measure, tiers: Vec<Tier>) -> Campaign {
    Campaign {
        id: PromotionId::new(),
        name: "promotion".to_owned(),
        stacks_with_coupons: true,
        ends_at: Timestamp::UNIX_EPOCH,
        terms: Tiered {
            product_ids: vec![],
            measure,
            tiers,
        },
    }
}

fn off(tiers: Vec<Tier>) -> Campaign {
    campaign(Measure::Amount, tiers)
}

fn line(price: i64) -> Line {
    Line {
        product: ProductId::new(),
        units: 1,
        price: Money::minor(price),
        left: Money::minor(price),
    }
}

fn reduction(campaigns: &[Campaign], lines: &[Line]) -> i64 {
    let verdict = evaluate(campaigns, lines, None).unwrap();
    verdict.reduction().unwrap().in_minor()
}

/// PRO-03: the highest tier that is reached counts.
#[test]
fn ninety_nine_a_hundred_two_ninety_nine_three_hundred() {
    let campaign = [off(vec![tier(10_000, 1_000), tier(30_000, 5_000)])];
    let off = [9_900, 10_000, 29_900, 30_000].map(|price| reduction(&campaign, &[line(price)]));
    assert_eq!(off, [0, 1_000, 1_000, 5_000]);
}

/// PRO-03, PRO-04: the reasons, in the order of the rules, with what was looked at.
#[test]
fn what_does_not_count_says_why() {
    let (cake, tea) = (line(8_000), line(4_000));
    let mut only_tea = off(vec![tier(5_000, 500)]);
    only_tea.terms.product_ids = vec![tea.product];
    let reason = |campaign: &Campaign, lines: &[Line], coupon| {
        let verdict = evaluate(std::slice::from_ref(campaign), lines, coupon).unwrap();
        verdict.rejected[0].reason
    };
    assert_eq!(reason(&only_tea, &[cake], None), Reason::NothingInScope);
    assert_eq!(reason(&only_tea, &[cake, tea], None), Reason::BelowTier);
    assert_eq!(reason(&only_tea, &[tea], Some(false)), Reason::DoesNotStack);
    let alone = Campaign {
        stacks_with_coupons: false,
        ..off(vec![tier(1, 1)])
    };
    assert_eq!(reason(&alone, &[tea], Some(true)), Reason::DoesNotStack);
    let free = Line {
        left: Money::ZERO,
        ..tea
    };
    let any = off(vec![tier(1, 1)]);
    assert_eq!(reason(&any, &[free], Some(true)), Reason::TakesNothing);
    let verdict = evaluate(&[only_tea], &[cake, tea], None).unwrap();
    let trace: Vec<_> = verdict.rejected[0]
        .trace
        .iter()
        .map(|step| step.amount)
        .collect();
    assert_eq!(trace, [4_000, 5_000]);
}

/// PRO-03: only one takes money off, the one that takes most and of equals the older; PRO-04: gifts come besides.
#[test]
fn the_best_one_counts_and_gifts_besides() {
    let all = [
        off(vec![tier(1_000, 100)]),
        off(vec![tier(1_000, 300)]),
        off(vec![tier(1_000, 300)]),
        off(vec![gift(1_000)]),
    ];
    let verdict = evaluate(&all, &[line(1_000)], None).unwrap();
    let applied: Vec<_> = verdict.applied.iter().map(|one| one.promotion_id).collect();
    assert_eq!(applied, [all[1].id, all[3].id]);
    assert!(
        verdict
            .rejected
            .iter()
            .all(|one| one.reason == Reason::AnotherTakesMore)
    );
    assert_eq!(verdict.applied[1].gifts.len(), 1);
}

/// PRO-04: pieces count together, and of everything that the promotion is for.
#[test]
fn pieces_reach_a_tier() {
    let mut three = campaign(Measure::Units, vec![gift(3)]);
    let (two, one) = (
        Line {
            units: 2,
            ..line(5)
        },
        line(5),
    );
    let given = |campaign: &Campaign, lines: &[Line]| {
        let verdict = evaluate(std::slice::from_ref(campaign), lines, None).unwrap();
        verdict.applied.len()
    };
    assert_eq!((given(&three, &[two]), given(&three, &[two, one])), (0, 1));
    three.terms.product_ids = vec![two.product];
    assert_eq!(given(&three, &[two, one]), 0);
}

proptest! {
    /// PRO-03: whatever is reached, the shares add up to the reduction exactly, no line's is more than it has left, none is below nothing, and
    /// lines that it is not for bear nothing.
    #[test]
    fn shares_add_up_and_nothing_costs_less_than_nothing(
        lines in prop::collection::vec((1..1_000_000i64, 0..=100i64, 1..50u32, any::<bool>()), 1..12),
        tiers in prop::collection::vec((1..3_000_000i64, 0..3_000_000i64), 1..6),
    ) {
        let lines: Vec<(Line, bool)> = lines.into_iter().map(|(price, percent, units, named)| {
            let left = Money::minor(price * percent / 100);
            (Line { units, left, ..line(price) }, named)
        }).collect();
        let mut tiers = tiers;
        tiers.sort_unstable();
        let mut campaign = off(tiers.into_iter().map(|(from, off)| tier(from, off)).collect());
        campaign.terms.product_ids = lines.iter().filter(|(_, named)| *named).map(|(line, _)| line.product).collect();
        let everything = campaign.terms.product_ids.is_empty();
        let plain: Vec<Line> = lines.iter().map(|(line, _)| *line).collect();
        let verdict = evaluate(&[campaign.clone()], &plain, Some(true)).unwrap();
        prop_assert_eq!(verdict.applied.len() + verdict.rejected.len(), 1);
        for applied in &verdict.applied {
            prop_assert_eq!(Money::sum(applied.shares.iter().copied()).unwrap(), applied.reduction);
            prop_assert!(applied.reduction > Money::ZERO);
            for ((line, named), share) in lines.iter().zip(&applied.shares) {
                prop_assert!(*share >= Money::ZERO && *share <= line.left);
                prop_assert!(*named || everything || *share == Money::ZERO);
            }
        }
    }

    /// PRO-03: more in the basket never takes less off, while no coupon is on it.
    #[test]
    fn more_goods_never_get_less_off(price in 1..100_000i64, more in 1..100_000i64) {
        let campaign = [off(vec![tier(10_000, 1_000), tier(30_000, 5_000)])];
        let (one, both) = (line(price), [line(price), line(more)]);
        prop_assert!(reduction(&campaign, &[one]) <= reduction(&campaign, &both));
    }
}
