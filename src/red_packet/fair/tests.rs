use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn seed(number: u32) -> String {
    digest("seed of a test", &[&number.to_string()])
}

proptest! {
    /// Red packets: whatever is split, each share is one fen or more, there are as many as were wanted, and together they are the total; equal ones
    /// differ by one fen at most.
    #[test]
    fn shares_are_the_total(shares in 1_u32..=500, more in 0_i64..20_000_000, number: u32) {
        let total = Money::minor(i64::from(shares) + more);
        for kind in [RedPacketKind::Equal, RedPacketKind::Lucky] {
            let split = split(total, shares, kind, &seed(number));
            prop_assert_eq!(split.len(), usize::try_from(shares).unwrap());
            prop_assert!(split.iter().all(|share| *share >= Money::minor(1)));
            prop_assert_eq!(Money::sum(split.iter().copied()), Ok(total));
            let (least, most) = (split.iter().min().unwrap(), split.iter().max().unwrap());
            if kind == RedPacketKind::Equal {
                prop_assert!(most.in_minor() - least.in_minor() <= 1);
            }
        }
    }
}

/// Red packets: chance favours no place: over 2,000 lucky ones of ten shares, what lies in each place is within 5% of the mean.
#[test]
fn no_place_is_better() {
    let mut sums = [0_i64; 10];
    for number in 0..2_000 {
        let split = split(
            Money::minor(10_000),
            10,
            RedPacketKind::Lucky,
            &seed(number),
        );
        for (sum, share) in sums.iter_mut().zip(split) {
            *sum += share.in_minor();
        }
    }
    let mean = 2_000_000;
    assert!(
        sums.iter().all(|sum| (sum - mean).abs() < mean / 20),
        "{sums:?}"
    );
}

/// Red packets: what cannot be split is not; one seed gives one order, another one another.
#[test]
fn the_seed_decides() {
    let lucky = |seed: &str| split(Money::minor(1_000), 10, RedPacketKind::Lucky, seed);
    assert_eq!(lucky(&seed(1)), lucky(&seed(1)));
    assert_ne!(lucky(&seed(1)), lucky(&seed(2)));
    let equal = |total, shares| split(Money::minor(total), shares, RedPacketKind::Equal, "");
    assert_eq!(equal(9, 10), []);
    assert_eq!(equal(10, 10), [Money::minor(1); 10]);
    assert_eq!(
        split(Money::minor(9), 1, RedPacketKind::Unspecified, ""),
        []
    );
}

/// Red packets: a link holds place, person, amount and all before it; a commitment holds red packet, rules and seed.
#[test]
fn everything_is_in_its_hash() {
    let (one, id) = (Money::minor(1), RedPacketId(Uuid::from_u128(7)));
    let links = [
        link("a", 1, "p", one),
        link("b", 1, "p", one),
        link("a", 2, "p", one),
        link("a", 1, "q", one),
        link("a", 1, "p", Money::minor(2)),
        commitment(id, "r", "s"),
        commitment(RedPacketId(Uuid::from_u128(8)), "r", "s"),
        commitment(id, "s", "s"),
        commitment(id, "r", "r"),
        pseudonym(id, "u", "s"),
        pseudonym(id, "u", "t"),
    ];
    let different: std::collections::BTreeSet<_> = links.iter().collect();
    assert_eq!(different.len(), links.len());
}
