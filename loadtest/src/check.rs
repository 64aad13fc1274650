//! The checker: was anything lost, doubled or shown in another order than it was promised?
//!
//! An acknowledgement promises a place: this message is number 812 of its conversation. Every member must be shown
//! exactly what was promised, by rising numbers without a hole. Nothing is kept but counters and a digest, so that
//! millions of deliveries can be checked while they are measured.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hasher as _},
    ops::AddAssign,
};

use crate::glance::{Glance, glance};

/// What went wrong; all zero in a good run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Acknowledged, and not shown to a member.
    pub lost: u64,
    /// Shown or acknowledged twice.
    pub doubled: u64,
    /// Shown after a later one, or with something else under the promised number.
    pub misordered: u64,
}

impl AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.misordered += other.misordered;
    }
}

/// What senders of one conversation were promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promised {
    /// Acknowledgements.
    pub count: u64,
    /// Sends whose outcome nobody knows: they may be shown or not.
    pub unknown: u64,
    lowest: u64,
    highest: u64,
    digest: u64,
}

impl Promised {
    /// The message with this client id was acknowledged under `number`.
    pub fn accept(&mut self, number: u64, client_message_id: &[u8]) {
        if self.count == 0 {
            (self.lowest, self.highest) = (number, number);
        }
        self.lowest = self.lowest.min(number);
        self.highest = self.highest.max(number);
        self.count += 1;
        self.digest = self.digest.wrapping_add(digest(number, client_message_id));
    }

    /// The same conversation's promises to another sender.
    pub fn merge(&mut self, other: &Self) {
        if self.count == 0 || other.count == 0 {
            let unknown = self.unknown + other.unknown;
            *self = if self.count == 0 { *other } else { *self };
            self.unknown = unknown;
            return;
        }
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
        self.count += other.count;
        self.unknown += other.unknown;
        self.digest = self.digest.wrapping_add(other.digest);
    }

    /// The highest promised number; 0 without any.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    /// Two messages under one number, or a number that nobody was given.
    pub fn faults(&self) -> Faults {
        if self.count == 0 {
            return Faults::default();
        }
        let places = self.highest - self.lowest + 1;
        Faults {
            doubled: self.count.saturating_sub(places),
            misordered: places.saturating_sub(self.count + self.unknown),
            lost: 0,
        }
    }
}

/// What one member was shown of one conversation.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Shown, however often.
    pub count: u64,
    first: Option<u64>,
    next: u64,
    holes: BTreeSet<u64>,
    faults: Faults,
    digest: u64,
}

impl Heard {
    /// Shown after everything up to `number` is known.
    pub fn after(number: u64) -> Self {
        Self {
            first: Some(number + 1),
            next: number + 1,
            ..Self::default()
        }
    }

    /// The highest number that was shown; 0 before the first.
    pub fn highest(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// A message is shown.
    pub fn hear(&mut self, number: u64, client_message_id: &[u8]) {
        self.count += 1;
        let first = *self.first.get_or_insert(number);
        self.next = self.next.max(first);
        if number < first {
            // Late, and before all others.
            self.first = Some(number);
            self.holes.extend(number..first);
        }
        if number >= self.next {
            self.holes.extend(self.next..number);
            self.next = number + 1;
        } else if self.holes.remove(&number) {
            self.faults.misordered += 1;
        } else {
            self.faults.doubled += 1;
            return;
        }
        self.digest = self.digest.wrapping_add(digest(number, client_message_id));
    }

    /// A frame is shown to somebody who also asks the log: what the log has given already is passed over.
    pub fn hear_if_new(&mut self, frame: &[u8]) {
        let Glance::Posted {
            number,
            client_message_id,
            ..
        } = glance(frame)
        else {
            return;
        };
        if self.first.is_none() || number >= self.next {
            self.hear(number, client_message_id);
        }
    }

    /// What is wrong with it, given what was promised.
    pub fn faults(&self, promised: &Promised) -> Faults {
        let mut faults = self.faults;
        if promised.count == 0 {
            return faults;
        }
        let first = self.first.unwrap_or(promised.highest + 1);
        let before = first.saturating_sub(promised.lowest);
        let after = promised.highest.saturating_sub(self.next.max(first) - 1);
        faults.lost += self.holes.len() as u64 + before + after;
        let complete = faults == Faults::default() && promised.unknown == 0;
        if complete && first == promised.lowest && self.digest != promised.digest {
            faults.misordered += 1;
        }
        faults
    }
}

fn digest(number: u64, client_message_id: &[u8]) -> u64 {
    let mut hash = DefaultHasher::new();
    hash.write_u64(number);
    hash.write(client_message_id);
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promised(numbers: &[u64]) -> Promised {
        let mut promised = Promised::default();
        for number in numbers {
            promised.accept(*number, number.to_string().as_bytes());
        }
        promised
    }

    fn faults(shown: &[u64]) -> (u64, u64, u64) {
        let mut heard = Heard::default();
        for number in shown {
            heard.hear(*number, number.to_string().as_bytes());
        }
        let faults = heard.faults(&promised(&[3, 4, 5, 6]));
        (faults.lost, faults.doubled, faults.misordered)
    }

    #[test]
    fn what_was_promised_was_shown() {
        assert_eq!(faults(&[3, 4, 5, 6]), (0, 0, 0));
        assert_eq!(faults(&[3, 4, 5, 6, 7]), (0, 0, 1), "nobody was promised 7");
    }

    #[test]
    fn every_kind_of_fault_is_counted() {
        assert_eq!(faults(&[]), (4, 0, 0));
        assert_eq!(faults(&[3, 4, 6]), (1, 0, 0));
        assert_eq!(faults(&[4, 5, 6]), (1, 0, 0));
        assert_eq!(faults(&[3, 4]), (2, 0, 0));
        assert_eq!(faults(&[3, 4, 4, 5, 6]), (0, 1, 0));
        assert_eq!(faults(&[3, 5, 4, 6]), (0, 0, 1));
        assert_eq!(faults(&[4, 3, 5, 6]), (0, 0, 1));
        assert_eq!(faults(&[3, 5, 4, 4]), (1, 1, 1));
    }

    #[test]
    fn another_message_under_a_promised_number_is_seen() {
        let mut heard = Heard::default();
        heard.hear(3, b"3");
        heard.hear(4, b"another");
        let promised = promised(&[3, 4]);
        assert_eq!(heard.faults(&promised).misordered, 1);
    }

    #[test]
    fn promises_themselves_must_be_dense_and_single() {
        assert_eq!(promised(&[1, 2, 3]).faults(), Faults::default());
        assert_eq!(promised(&[1, 2, 2]).faults().doubled, 1);
        assert_eq!(promised(&[1, 3]).faults().misordered, 1);
        let mut both = promised(&[2, 5]);
        both.merge(&promised(&[3, 4]));
        assert_eq!(both.faults(), Faults::default());
    }
}
