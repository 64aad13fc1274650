use uuid::Uuid;

use super::{
    super::fair::{Because, WhyOut},
    *,
};

/// The vectors that other programs can be tried by.
const VECTORS: &str = "docs/lottery-vectors.json";

/// Something that is done to a file.
type Change = fn(&mut DrawFile);

/// Five people, one with two tickets, one who has left; two winners, two substitutes.
fn example() -> DrawFile {
    let rules = r#"{"algorithm":"souk-draw-1","title":"周末茶会","prizes":[{"name":"茶","quantity":2}],"substitutes":2}"#;
    let draw = DrawId(Uuid::from_u128(0x0193_47a2_5b1e_7c3d_8f4a_0a1b_2c3d_4e5f));
    let seed = "5e".repeat(32);
    let mut before = fair::commitment(draw, &fair::rules_hash(rules), &seed);
    let people = [
        ("ann", Because::Entered, "0123456789abcdef"),
        ("bob", Because::Entered, ""),
        ("ann", Because::Invited, ""),
        ("cleo", Because::Entered, "feedc0de00000000"),
        ("dan", Because::Member, ""),
        ("eve", Because::Member, ""),
    ];
    let mut tickets = vec![];
    for (number, (name, because, nonce)) in (1..).zip(people) {
        let mut ticket = Ticket {
            number,
            person: fair::pseudonym(draw, name, "salt"),
            because,
            nonce: nonce.to_owned(),
            link: String::new(),
        };
        ticket.link = fair::link(&before, &ticket);
        before.clone_from(&ticket.link);
        tickets.push(ticket);
    }
    let left_out = vec![LeftOut {
        person: fair::pseudonym(draw, "eve", "salt"),
        because: WhyOut::Left,
    }];
    let closed = Closed {
        draw,
        rules: rules.to_owned(),
        seed,
        awaited: None,
        tickets,
        left_out,
    };
    DrawFile::of(closed, None, None).unwrap()
}

/// The name on the top level that a byte of a file lies under.
pub(super) fn under(text: &str, byte: usize) -> &str {
    let names = text[..byte].rmatch_indices("\n  \"");
    let lines = names.map(|(at, _)| &text[at + 4..]);
    lines
        .filter_map(|line| line.split_once('"'))
        .map(|(name, _)| name)
        .next()
        .unwrap_or_default()
}

/// LOT-04: the published vectors are what this program says, and are a file that verifies.
#[test]
fn the_published_vectors_are_ours() {
    let text = example().text().unwrap();
    assert_eq!(std::fs::read_to_string(VECTORS).unwrap(), text);
    let file = verify(text.as_bytes()).unwrap();
    assert_eq!((file.winners.len(), file.substitutes.len()), (2, 2));
    assert_eq!(file.grade, DrawGrade::Participants);
}

/// LOT-04: whichever byte of the file is changed, it does not verify, and what is said names where: the piece that the byte lies in, one
/// that it is checked against, or its line.
#[test]
fn a_changed_byte_anywhere_is_found_and_named() {
    let text = example().text().unwrap();
    for at in 0..text.len() {
        for changed in [b'0', b'a', b'A', b' ', b'\n', b'"', text.as_bytes()[at] ^ 1] {
            let mut bytes = text.clone().into_bytes();
            if std::mem::replace(&mut bytes[at], changed) == changed {
                continue;
            }
            let said = format!("{:#}", verify(&bytes).expect_err("it was changed"));
            let floor = floor(&text, at);
            let line = 1 + text[..floor].matches('\n').count();
            // A reader of JSON may stumble a line or two behind what was changed.
            let named = (line..line + 3).any(|line| said.contains(&format!("line {line}")));
            assert!(
                named || said.contains(under(&text, floor)),
                "byte {at} in line {line}, under {}: {said}",
                under(&text, floor)
            );
        }
    }
}

/// The beginning of the character that a byte lies in.
pub(super) fn floor(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// LOT-04: leaving out, adding and swapping is found as well.
#[test]
fn other_changes_are_found() {
    let whole = example();
    let changes: [(&str, Change); 6] = [
        ("tickets[2]", |file| drop(file.tickets.remove(2))),
        ("tickets[1]", |file| file.tickets.swap(1, 3)),
        ("close.tickets", |file| drop(file.tickets.pop())),
        ("close.left_out", |file| file.close.left_out.clear()),
        ("winners[0]", |file| file.winners.swap(0, 1)),
        ("substitutes", |file| drop(file.substitutes.pop())),
    ];
    for (name, change) in changes {
        let mut file = whole.clone();
        change(&mut file);
        let said = format!("{:#}", verify(file.text().unwrap().as_bytes()).unwrap_err());
        assert!(said.contains(name), "{said}");
    }
}

/// LOT-04: a seed that was chosen after the commitment is found, even if all that follows from it is made to fit.
#[test]
fn another_seed_does_not_fit_the_commitment() {
    let whole = example();
    let rules = whole.rules.get().to_owned();
    let left_out = whole.close.left_out.clone();
    let other = Closed {
        draw: whole.draw_id,
        rules,
        seed: "5f".repeat(32),
        awaited: None,
        tickets: whole.tickets,
        left_out,
    };
    let mut file = DrawFile::of(other, None, None).unwrap();
    file.commitment.clone_from(&whole.commitment);
    let said = file.verify().unwrap_err().to_string();
    assert!(said.starts_with("draw_id, commitment, seed"), "{said}");
}
