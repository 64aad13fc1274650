use jiff::SignedDuration;
use proptest::prelude::*;
use proto::CouponSource;

use super::{
    super::terms::{Face, Scope, Terms},
    *,
};
use crate::id::ShopId;

fn now() -> Timestamp {
    "2026-11-28T04:00:00Z".parse().unwrap()
}

fn coupon(face: Face, scope: Scope) -> Coupon {
    let hour = SignedDuration::from_hours(1);
    Coupon {
        id: CouponId::new(),
        shop_id: ShopId::new(),
        template_id: CouponTemplateId::new(),
        terms: Terms {
            title: "coupon".to_owned(),
            face,
            scope,
            stacks_with_promotions: true,
        },
        first_order_only: false,
        source: CouponSource::Shop,
        state: CouponState::Usable,
        valid_from: now() - hour,
        valid_until: now() + hour,
        claimed_at: now() - hour,
        order_id: None,
        deducted: None,
        used_at: None,
    }
}

fn reduction(value: i64, threshold: i64) -> Face {
    Face::FullReduction {
        value: Money::minor(value),
        threshold: Money::minor(threshold),
    }
}

fn percentage(off: u32, cap: Option<i64>) -> Face {
    Face::Percentage {
        off: off.try_into().unwrap(),
        cap: cap.map(Money::minor),
        threshold: Money::ZERO,
    }
}

fn line(category: &str, list: i64, price: i64) -> Line {
    Line {
        product: ProductId::new(),
        category: vec![category.to_owned()],
        list: Money::minor(list),
        price: Money::minor(price),
        stacks: true,
    }
}

fn bread() -> Scope {
    Scope::Categories {
        categories: vec![vec!["bread".to_owned()]],
    }
}

fn judged(coupon: &Coupon, lines: &[Line], orders_before: i64) -> Result<i64, Reason> {
    let circumstances = Circumstances {
        now: now(),
        orders_before,
    };
    let judged = judge(coupon, lines, circumstances).unwrap();
    judged
        .map(|applied| applied.deduction.in_minor())
        .map_err(|rejected| rejected.reason)
}

/// CPN-01: a cart of 60 with bread for 30 gets 10 off by 满减, 10 by 无门槛, 5 by the coupon for bread, and its percentage.
#[test]
fn each_kind_takes_off_what_it_says() {
    let cart = [line("bread", 3_000, 3_000), line("cake", 3_000, 3_000)];
    let value = Money::minor(1_000);
    for (face, scope, off) in [
        (reduction(1_000, 5_000), Scope::Shop, 1_000),
        (Face::NoThreshold { value }, Scope::Shop, 1_000),
        (reduction(500, 3_000), bread(), 500),
        (percentage(2_000, None), Scope::Shop, 1_200),
        (percentage(2_000, Some(700)), Scope::Shop, 700),
        (percentage(2_000, None), bread(), 600),
    ] {
        assert_eq!(judged(&coupon(face, scope), &cart, 0), Ok(off), "{face:?}");
    }
    assert_eq!(
        judged(&coupon(reduction(500, 3_001), bread()), &cart, 0),
        Err(Reason::BelowThreshold)
    );
}

/// CPN-19: a cake of 80 costs 64 in the flash sale; the coupon 80 − 20 is measured on 80 and taken off 64: 44 are left. A template that
/// does not stack refuses it.
#[test]
fn eighty_to_sixty_four_to_forty_four() {
    let cake = [line("cake", 8_000, 6_400)];
    let mut coupon = coupon(reduction(2_000, 8_000), Scope::Shop);
    let off = judged(&coupon, &cake, 0).unwrap();
    assert_eq!(6_400 - off, 4_400);
    coupon.terms.stacks_with_promotions = false;
    assert_eq!(judged(&coupon, &cake, 0), Err(Reason::DoesNotStack));
    let beside = [cake[0].clone(), line("cake", 8_000, 8_000)];
    assert_eq!(judged(&coupon, &beside, 0), Ok(2_000));
}

/// CPN-02, CPN-03: nothing before its time, from its end on, for other goods, for the second order, and nothing for nothing.
#[test]
fn each_reason_by_its_name() {
    let cart = [line("cake", 3_000, 3_000)];
    let ten = || coupon(reduction(1_000, 3_000), Scope::Shop);
    let of = |change: &dyn Fn(&mut Coupon)| {
        let mut coupon = ten();
        change(&mut coupon);
        judged(&coupon, &cart, 1).unwrap_err()
    };
    let second = SignedDuration::from_secs(1);
    assert_eq!(
        of(&|coupon| coupon.valid_from = now() + second),
        Reason::NotYet
    );
    assert_eq!(of(&|coupon| coupon.valid_until = now()), Reason::Expired);
    assert_eq!(
        of(&|coupon| coupon.state = CouponState::Expired),
        Reason::Expired
    );
    assert_eq!(
        of(&|coupon| coupon.state = CouponState::Locked),
        Reason::Locked
    );
    assert_eq!(of(&|coupon| coupon.state = CouponState::Used), Reason::Used);
    assert_eq!(
        of(&|coupon| coupon.first_order_only = true),
        Reason::FirstOrderOnly
    );
    assert_eq!(
        of(&|coupon| coupon.terms.scope = bread()),
        Reason::NothingInScope
    );
    assert_eq!(
        judged(&ten(), &[line("cake", 3_000, 0)], 0),
        Err(Reason::TakesNothing)
    );
    assert_eq!(
        judged(&ten(), &[line("cake", 3_000, 600)], 0),
        Ok(600),
        "never under 0"
    );
}

/// CPN-13: the best comes first, whatever the order in which they lie in the wallet, and the trace says how it came to that.
#[test]
fn the_best_comes_first_and_says_why() {
    let cart = [line("bread", 3_000, 3_000), line("cake", 3_000, 3_000)];
    let five = coupon(reduction(500, 3_000), bread());
    let ten = coupon(reduction(1_000, 5_000), Scope::Shop);
    let dear = coupon(reduction(1_000, 9_000), Scope::Shop);
    let circumstances = Circumstances {
        now: now(),
        orders_before: 0,
    };
    let wallet = [five.clone(), dear.clone(), ten.clone()];
    let verdict = evaluate(&wallet, &cart, circumstances).unwrap();
    let usable: Vec<CouponId> = verdict.usable.iter().map(|one| one.coupon_id).collect();
    assert_eq!(usable, [ten.id, five.id]);
    assert_eq!(verdict.unusable[0].reason, Reason::BelowThreshold);
    let steps: Vec<(Rule, i64)> = verdict.usable[1]
        .trace
        .iter()
        .map(|step| (step.rule, step.amount.in_minor()))
        .collect();
    let expected = [
        (Rule::ListInScope, 3_000),
        (Rule::Threshold, 3_000),
        (Rule::PriceInScope, 3_000),
        (Rule::Deduction, 500),
    ];
    assert_eq!(steps, expected);
    let turned: Vec<Coupon> = wallet.into_iter().rev().collect();
    assert_eq!(evaluate(&turned, &cart, circumstances).unwrap(), verdict);
}

proptest! {
    /// CPN-19, decision 40: shares add up to the deduction, none is more than its line costs, and lines outside of the scope bear nothing.
    #[test]
    fn shares_add_up(
        prices in prop::collection::vec((any::<bool>(), 0..100_000i64, 0..100_000i64), 1..12),
        value in 1..200_000i64, off in 1..10_000u32, share in any::<bool>(),
    ) {
        let lines: Vec<Line> = prices
            .iter()
            .map(|(is_bread, one, other)| line(if *is_bread { "bread" } else { "cake" }, *one.max(other), *one.min(other)))
            .collect();
        let face = if share { percentage(off, None) } else { Face::NoThreshold { value: Money::minor(value) } };
        let circumstances = Circumstances { now: now(), orders_before: 0 };
        if let Ok(applied) = judge(&coupon(face, bread()), &lines, circumstances).unwrap() {
            prop_assert_eq!(Money::sum(applied.shares.iter().copied()), Ok(applied.deduction));
            for (line, share) in lines.iter().zip(&applied.shares) {
                let most = if line.category == ["bread"] { line.price } else { Money::ZERO };
                prop_assert!((Money::ZERO..=most).contains(share));
            }
        }
    }
}
