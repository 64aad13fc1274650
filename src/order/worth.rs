//! What units of an order cost, settled once ([`Order::worth`]), so that any steps in which they go back add up to what was paid.

use jiff::Timestamp;
use proto::OrderState;

use super::{Line, LineUnits, Order};
use crate::{
    error::Result,
    id::CaseId,
    money::{Money, TooMuch},
};

/// What a case is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Concern<'a> {
    /// The case.
    pub case: CaseId,
    /// Units of these lines, each named once.
    pub lines: &'a [LineUnits],
    /// They have left the house.
    pub sent: bool,
}

impl Concern<'_> {
    pub(super) fn names(&self, line: &Line) -> bool {
        self.lines.iter().any(|part| part.line == line.line)
    }

    pub(super) fn units(&self, line: &Line) -> u32 {
        let part = self.lines.iter().find(|part| part.line == line.line);
        part.map_or(0, |part| part.units)
    }
}

impl Order {
    /// What was paid for these units: each line's share of the discount is taken off, and the steps in which its units go back add up to
    /// the line. Freight goes back with the last units of an order of which nothing was ever sent (decision 40 of the specification).
    pub(crate) fn worth(&self, concern: &Concern<'_>) -> Result<Money> {
        let rest = self.paid.minus(self.refunded)?;
        if self.ends_unsent(concern) {
            return Ok(rest);
        }
        let mut sum = Money::ZERO;
        for (line, paid) in self.lines.iter().zip(self.paid_for_lines()?) {
            let (all, was) = (line.units.unsigned_abs(), line.refunded.unsigned_abs());
            let (before, after) = (
                paid.first_units(was, all),
                paid.first_units(was + concern.units(line), all),
            );
            sum = sum.plus(after.minus(before)?)?;
        }
        Ok(sum.min(rest))
    }

    /// What was paid for each line, net of its share of the discount.
    fn paid_for_lines(&self) -> Result<Vec<Money>, TooMuch> {
        let net = |line: &Line| line.total.minus(line.discount);
        self.lines.iter().map(net).collect()
    }

    /// Nothing was ever sent, and with these units nothing will be: gifts do not go alone.
    fn ends_unsent(&self, concern: &Concern<'_>) -> bool {
        let none = |line: &Line| {
            let ends = line.gift || line.left().unsigned_abs() == concern.units(line);
            line.shipped == 0 && ends
        };
        !concern.sent && self.lines.iter().all(none)
    }

    pub(super) fn count_back(&mut self, concern: &Concern<'_>) {
        for line in &mut self.lines {
            let units = concern.units(line).cast_signed();
            line.refunded += units;
            if !concern.sent {
                line.dropped += units;
            }
        }
    }

    /// All money for all lines is back, and the order is not fulfilled. A gift that was not sent keeps no order alive.
    pub(super) fn all_back(&self) -> bool {
        let back = |line: &Line| {
            let back = line.refunded == line.units || line.gift && line.shipped == 0;
            back && line.case_id.is_none()
        };
        self.state != OrderState::Completed && self.lines.iter().all(back)
    }

    /// What was still to be sent is not any more, and its money is back.
    pub(super) fn all_else_sent(&self) -> bool {
        let waits = |line: &Line| line.case_id.is_some() && line.dropped > 0;
        self.state == OrderState::PartiallyShipped
            && self.nothing_left()
            && !self.lines.iter().any(waits)
    }

    /// Until when money or goods can be asked back; and is it that late?
    pub(crate) fn after_sale_over(&self, now: Timestamp) -> bool {
        self.after_sale_until().is_some_and(|until| now > until)
    }
}

#[cfg(test)]
mod tests;
