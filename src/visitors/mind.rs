//! What they want next, and in which words: all of it follows from a seed.

use std::ops::RangeInclusive;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// What somebody wants to do by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Asks about something, from its page.
    Ask,
    /// Orders something from the catalogue, and pays.
    Order,
    /// Says something in the welfare group.
    Chat,
    /// Claims what the shop offers.
    Claim,
    /// Looks after what was ordered: says that it came, or wants money back.
    LookAfter,
}

/// How often which, of a hundred.
const WISHES: [(Wish, u32); 5] = [
    (Wish::Ask, 35),
    (Wish::Order, 20),
    (Wish::Chat, 25),
    (Wish::Claim, 8),
    (Wish::LookAfter, 12),
];

pub(super) const QUESTIONS: [&str; 6] = [
    "你好，这个有现货吗？",
    "请问今天下单什么时候发货？",
    "这款尺码偏大还是偏小？",
    "有没有别的颜色？",
    "Is this still there in M?",
    "可以送礼盒包装吗？",
];
pub(super) const ANSWERS: [&str; 6] = [
    "好的，谢谢！",
    "明白了，我再看看。",
    "那我就拍一件。",
    "Great, thank you.",
    "麻烦尽快发，急用。",
    "可以再便宜一点吗？",
];
pub(super) const CHATTER: [&str; 6] = [
    "大家好！",
    "还差几个人开奖？",
    "这次的裙子真好看。",
    "围巾什么时候补货？",
    "Good luck, everybody.",
    "刚收到货，质量不错。",
];
pub(super) const COMPLAINTS: [&str; 4] = [
    "买错了，不想要了。",
    "尺码不合适。",
    "颜色和图片不一样。",
    "It came late.",
];

/// Somebody's choices.
pub(super) struct Mind(StdRng);

impl Mind {
    pub(super) fn of(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(super) fn wish(&mut self) -> Wish {
        let mut left = self.0.random_range(0..100);
        for (wish, weight) in WISHES {
            if left < weight {
                return wish;
            }
            left -= weight;
        }
        Wish::Ask
    }

    /// So many of something.
    pub(super) fn within(&mut self, range: &RangeInclusive<u64>) -> u64 {
        self.0.random_range(range.clone())
    }

    /// One of them, if there are any.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let at = (!all.is_empty()).then(|| self.0.random_range(0..all.len()));
        all.get(at?)
    }

    /// One of some words.
    pub(super) fn words(&mut self, all: &[&'static str]) -> &'static str {
        self.one_of(all).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_follow_from_the_seed() {
        let of = |seed| {
            let mut mind = Mind::of(seed);
            (0..50).map(|_| mind.wish()).collect::<Vec<_>>()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert!(WISHES.iter().all(|(wish, _)| of(1).contains(wish)));
        assert_eq!(WISHES.iter().map(|(_, weight)| weight).sum::<u32>(), 100);
    }
}
