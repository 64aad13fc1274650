use proptest::prelude::*;
use proto::{DeliveryMethod, PaymentStatus, PaymentTerms};

use super::*;
use crate::id::{ConversationId, OrderId, ProductId, ShopId, UserId, VariantId};

fn line((number, (units, total)): (i16, (i32, i64))) -> Line {
    Line {
        line: number,
        product_id: ProductId::new(),
        variant_id: VariantId::new(),
        bundle_id: None,
        title: "thing".to_owned(),
        choice: vec![],
        units,
        list_price: Money::minor(total),
        price: Money::minor(total),
        total: Money::minor(total),
        discount: Money::ZERO,
        gift: false,
        shipped: 0,
        refunded: 0,
        dropped: 0,
        case_id: None,
        short: 0,
        short_reason: None,
    }
}

/// A paid order of lines with so many units for so much.
fn paid(lines: Vec<(i32, i64)>, freight: i64, off: i64) -> Order {
    let goods: i64 = lines.iter().map(|(_, total)| total).sum();
    let (discount, now) = (off.min(goods), Timestamp::UNIX_EPOCH);
    let total = Money::minor(goods + freight - discount);
    let weights: Vec<u64> = lines
        .iter()
        .map(|(_, total)| total.unsigned_abs())
        .collect();
    let mut lines: Vec<Line> = (1..).zip(lines).map(line).collect();
    for (line, share) in lines.iter_mut().zip(Money::minor(discount).split(&weights)) {
        line.discount = share.min(line.total);
    }
    Order {
        id: OrderId::new(),
        shop_id: ShopId::new(),
        number: None,
        customer_id: UserId::new(),
        customer_name: String::new(),
        conversation_id: ConversationId::new(),
        card_number: 1,
        source: String::new(),
        state: OrderState::Accepted,
        payment_status: PaymentStatus::Paid,
        terms: PaymentTerms::PayFirst,
        delivery_method: DeliveryMethod::Express,
        currency: "CNY".to_owned(),
        goods: Money::minor(goods),
        freight: Money::minor(freight),
        discount: Money::minor(discount),
        total,
        paid: total,
        refunded: Money::ZERO,
        extra: Money::ZERO,
        revision: 1,
        hash: String::new(),
        version: 1,
        requests: String::new(),
        remark: String::new(),
        expected_at: None,
        policy: String::new(),
        policy_version: 0,
        pickup_code: None,
        person: None,
        owner_id: None,
        owner_name: None,
        abnormal: None,
        follow_up_at: None,
        pay_by: None,
        receive_by: None,
        extended: false,
        placed_at: None,
        paid_at: None,
        payment_method: None,
        accepted_at: None,
        shipped_at: None,
        completed_at: None,
        cancelled_at: None,
        created_at: now,
        lines,
        packages: vec![],
        promotions: vec![],
    }
}

/// Takes some units of a line back, as a refund does; what is more than there is takes what there is.
fn take_back(order: &mut Order, line: usize, units: u32, sent: bool) -> Money {
    let line = &order.lines[line % order.lines.len()];
    let most = if sent {
        line.with_customer()
    } else {
        line.left()
    };
    let units = units.min(most.unsigned_abs());
    let lines = [LineUnits {
        line: line.line,
        units,
    }];
    let concern = Concern {
        case: CaseId::new(),
        lines: &lines,
        sent,
    };
    let amount = match units {
        0 => Money::ZERO,
        _ => order.worth(&concern).unwrap(),
    };
    order.count_back(&concern);
    order.give_back(amount).unwrap();
    amount
}

/// AFS-02: the last moment counts.
#[test]
fn it_is_open_for_fifteen_days_and_no_longer() {
    let mut order = paid(vec![(1, 100)], 0, 0);
    let now = Timestamp::UNIX_EPOCH;
    assert!(!order.after_sale_over(now), "not completed");
    order.completed_at = Some(now);
    let last = now + jiff::SignedDuration::from_hours(15 * 24);
    assert!(!order.after_sale_over(last));
    assert!(order.after_sale_over(last + jiff::SignedDuration::from_nanos(1)));
}

proptest! {
    /// AFS-03, AFS-07: whatever goes back in whatever steps is never more than was paid; when everything has, it is exactly what
    /// was paid, and the freight is kept only if something was sent.
    #[test]
    fn refunds_add_up_to_what_was_paid(
        lines in prop::collection::vec((1..9i32, 0..100_000i64), 1..6),
        (freight, off) in (0..2_000i64, 0..50_000i64),
        shipped in prop::collection::vec(0..9i32, 6),
        steps in prop::collection::vec((any::<usize>(), 1..4u32, any::<bool>()), 0..20),
    ) {
        let mut order = paid(lines, freight, off);
        for (line, shipped) in order.lines.iter_mut().zip(shipped) {
            line.shipped = shipped.min(line.units);
        }
        let mut back = Money::ZERO;
        for (line, units, sent) in steps {
            back = back.plus(take_back(&mut order, line, units, sent)).unwrap();
            prop_assert!(back <= order.paid && back == order.refunded);
        }
        for line in 0..order.lines.len() {
            for sent in [false, true] {
                back = back.plus(take_back(&mut order, line, 9, sent)).unwrap();
            }
        }
        let sent = order.lines.iter().any(|line| line.shipped > 0);
        let kept = if sent { order.freight } else { Money::ZERO };
        prop_assert_eq!(back, order.paid.minus(kept).unwrap());
        prop_assert!(order.all_back());
    }
}
