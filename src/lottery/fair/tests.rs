use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn draw() -> DrawId {
    DrawId(Uuid::from_u128(7))
}

/// A list in which the first person has so many tickets, and so on.
fn list(weights: &[u32]) -> Vec<Ticket> {
    let mut before = "start".to_owned();
    let mut tickets: Vec<Ticket> = vec![];
    for (person, weight) in weights.iter().enumerate() {
        for nth in 0..*weight {
            let mut ticket = Ticket {
                number: u32::try_from(tickets.len()).unwrap() + 1,
                person: format!("{person:032x}"),
                because: if nth == 0 {
                    Because::Entered
                } else {
                    Because::Invited
                },
                nonce: String::new(),
                link: String::new(),
            };
            ticket.link = link(&before, &ticket);
            before.clone_from(&ticket.link);
            tickets.push(ticket);
        }
    }
    tickets
}

fn seed(number: u64) -> String {
    mix(&"00".repeat(32), draw(), (&number.to_string(), ""), None).unwrap()
}

/// LOT-03: over 10,000 seeded draws the first place follows the tickets: chi-square over people with 1 to 4 of them stays below the
/// value that chance exceeds once in 10,000.
#[test]
fn ten_thousand_draws_follow_the_weights() {
    let weights = [1, 2, 3, 4, 1, 2, 3, 4];
    let tickets = list(&weights);
    let mut won: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..10_000 {
        let first = select(&tickets, &[], &seed(number), 1).remove(0);
        *won.entry(first.person).or_default() += 1;
    }
    let all: u32 = weights.iter().sum();
    let square = weights.iter().enumerate().map(|(person, weight)| {
        let expected = 10_000.0 * f64::from(*weight) / f64::from(all);
        let seen = won.get(&format!("{person:032x}")).copied().unwrap_or(0);
        (f64::from(seen) - expected).powi(2) / expected
    });
    let square: f64 = square.sum();
    assert!(
        square < 29.88,
        "chi-square {square} with 7 degrees of freedom"
    );
}

/// LOT-03: a test that could not fail would let anything pass: the same sum finds that chances are even where they should not be.
#[test]
fn even_chances_do_not_follow_the_weights() {
    let tickets = list(&[1; 8]);
    let mut won = [0_u32; 8];
    for number in 0..10_000 {
        let first = select(&tickets, &[], &seed(number), 1).remove(0);
        won[usize::from_str_radix(&first.person, 16).unwrap()] += 1;
    }
    let shares = [1, 2, 3, 4, 1, 2, 3, 4].map(|weight| 10_000.0 * f64::from(weight) / 20.0);
    let square: f64 = won
        .iter()
        .zip(shares)
        .map(|(seen, expected)| (f64::from(*seen) - expected).powi(2) / expected)
        .sum();
    assert!(square > 1_000.0, "chi-square {square}");
}

proptest! {
    /// LOT-02, I-15: exactly as many as there can be, each once, nobody who is left out, and the next ones are the same whoever asks for more.
    #[test]
    fn winners_are_distinct_and_ordered(weights in prop::collection::vec(1_u32..5, 0..40), out in 0_usize..10, people in 0_usize..30, number: u64) {
        let tickets = list(&weights);
        let left_out: Vec<LeftOut> = (0..out.min(weights.len()))
            .map(|person| LeftOut { person: format!("{person:032x}"), because: WhyOut::Left })
            .collect();
        let places = select(&tickets, &left_out, &seed(number), people);
        prop_assert_eq!(places.len(), people.min(weights.len() - left_out.len()));
        let names: BTreeSet<&str> = places.iter().map(|place| &place.person[..]).collect();
        prop_assert_eq!(names.len(), places.len());
        prop_assert!(left_out.iter().all(|out| !names.contains(&out.person[..])));
        prop_assert!(places.windows(2).all(|two| two[0].score < two[1].score));
        let more = select(&tickets, &left_out, &seed(number), people + 5);
        prop_assert_eq!(&more[..places.len()], &places[..]);
    }

    /// LOT-04: whatever is changed in a ticket changes its link, and with it all that follow.
    #[test]
    fn a_link_holds_everything(number in 1_u32..9, nonce in "[0-9a-f]{0,64}") {
        let ticket = Ticket { number, person: "ab".into(), because: Because::Entered, nonce, link: String::new() };
        let whole = link("before", &ticket);
        let others = [
            Ticket { number: number + 1, ..ticket.clone() },
            Ticket { person: "ac".into(), ..ticket.clone() },
            Ticket { because: Because::Member, ..ticket.clone() },
            Ticket { nonce: format!("{}0", ticket.nonce), ..ticket.clone() },
        ];
        prop_assert!(others.iter().all(|other| link("before", other) != whole));
        prop_assert_ne!(link("other", &ticket), whole);
    }
}

/// LOT-04: what one participant throws in changes the final seed.
#[test]
fn a_nonce_changes_the_final_seed() {
    let mut one = list(&[1, 1]);
    let first = close(2, &one[1].link, None, &[]);
    one[1].nonce = "0123456789abcdef".into();
    one[1].link = link(&one[0].link, &one[1]);
    let second = close(2, &one[1].link, None, &[]);
    let key = "11".repeat(32);
    assert_ne!(
        mix(&key, draw(), ("r", &first), None),
        mix(&key, draw(), ("r", &second), None)
    );
    assert_eq!(
        mix("11", draw(), ("r", &first), None),
        None,
        "too short for a seed"
    );
}

/// LOT-04: who is left out is part of what the seed is mixed with.
#[test]
fn leaving_somebody_out_changes_the_close() {
    let out = |because| {
        [LeftOut {
            person: "ab".into(),
            because,
        }]
    };
    let closes = [
        close(2, "x", None, &[]),
        close(2, "x", None, &out(WhyOut::Left)),
        close(2, "x", None, &out(WhyOut::Staff)),
        close(3, "x", None, &[]),
    ];
    assert_eq!(closes.iter().collect::<BTreeSet<_>>().len(), 4);
}

/// LOT-04: with a beacon the moment of the close and the round are held by the list's hash, and round and randomness by the final seed.
#[test]
fn a_beacon_is_part_of_what_decides() {
    let closes = [None, Some((1, 7)), Some((2, 7)), Some((1, 8))].map(|awaited| {
        let awaited = awaited.map(|(at, round)| Awaited { at, round });
        close(2, "x", awaited, &[])
    });
    assert_eq!(closes.iter().collect::<BTreeSet<_>>().len(), 4);
    let key = "11".repeat(32);
    let rounds = [None, Some((7, "a")), Some((8, "a")), Some((7, "b"))];
    let seeds = rounds.map(|beacon| mix(&key, draw(), ("r", "c"), beacon).unwrap());
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), 4);
}
