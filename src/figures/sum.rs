//! What the statements found, put together.

use super::{
    Day, Figures, Whole,
    queries::{Coupons, Money as Taken, Orders, Period, Rates, Waits},
};
use crate::money::{BasisPoints, Money};

/// What the statements found.
pub(super) struct Found {
    pub orders: Vec<Orders>,
    pub money: Vec<Taken>,
    pub coupons: Vec<Coupons>,
    pub rates: Rates,
    pub answers: Vec<Waits>,
}

/// Every day of the period, whether anything was found on it or not, and the whole.
pub(super) fn sum(period: Period, found: &Found) -> Figures {
    let days = period.days.into_iter();
    Figures {
        time_zone: period.time_zone,
        days: days.map(|day| of_day(day, found)).collect(),
        whole: whole(found),
    }
}

fn of_day(day: String, found: &Found) -> Day {
    let name = Some(day.as_str());
    let orders = found.orders.iter().find(|row| row.day.as_deref() == name);
    let money = found.money.iter().find(|row| row.day.as_deref() == name);
    let coupons = found.coupons.iter().find(|row| row.day.as_deref() == name);
    let answers = found.answers.iter().find(|row| row.day.as_deref() == name);
    Day {
        orders: orders.map_or(0, |row| row.orders),
        sales: Money::minor(money.map_or(0, |row| row.paid)),
        refunds: Money::minor(money.map_or(0, |row| row.given_back)),
        coupons_claimed: coupons.map_or(0, |row| row.claimed),
        coupons_used: coupons.map_or(0, |row| row.used),
        answers: answers.map_or(0, |row| row.answers),
        answer_ms: answers.map(|row| row.half_ms),
        day,
    }
}

fn whole(found: &Found) -> Whole {
    let orders = found.orders.iter().find(|row| row.day.is_none());
    let money = found.money.iter().find(|row| row.day.is_none());
    let coupons = found.coupons.iter().find(|row| row.day.is_none());
    let answers = found.answers.iter().find(|row| row.day.is_none());
    let answers = answers.filter(|row| row.answers > 0);
    let coupons_claimed = coupons.map_or(0, |row| row.claimed);
    Whole {
        orders: orders.map_or(0, |row| row.orders),
        sales: Money::minor(money.map_or(0, |row| row.paid)),
        paid_orders: money.map_or(0, |row| row.paid_orders),
        paying_customers: money.map_or(0, |row| row.payers),
        refunds: Money::minor(money.map_or(0, |row| row.given_back)),
        refunded_orders: money.map_or(0, |row| row.refunded_orders),
        coupons_claimed,
        coupons_used: coupons.map_or(0, |row| row.used),
        claim_rate: share(found.rates.in_wallets, found.rates.quantity),
        use_rate: share(found.rates.claimed_and_used, coupons_claimed),
        answers: answers.map_or(0, |row| row.answers),
        answer_ms: answers.map(|row| row.half_ms),
        slow_answer_ms: answers.map(|row| row.slow_ms),
    }
}

/// Rounded down; of nothing: nothing to say.
fn share(part: i64, whole: i64) -> Option<BasisPoints> {
    if whole <= 0 {
        return None;
    }
    let points = i128::from(part.clamp(0, whole)) * 10_000 / i128::from(whole);
    u32::try_from(points).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_rate_is_rounded_down_and_of_nothing_is_none() {
        assert_eq!(share(0, 0), None);
        assert_eq!(share(2, 3).map(u32::from), Some(6_666));
        assert_eq!(share(5, 3).map(u32::from), Some(10_000));
        assert_eq!(share(i64::MAX, i64::MAX).map(u32::from), Some(10_000));
    }
}
