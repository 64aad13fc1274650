use uuid::Uuid;

use super::*;

/// The vectors that other programs can be tried by.
const VECTORS: &str = "docs/red-packet-vectors.json";

/// Something that is done to a file.
type Change = fn(&mut PacketFile);

/// Ten yuan in five shares by chance, of which three people took one each.
fn example() -> PacketFile {
    let rules = r#"{"algorithm":"souk-packet-1","greeting":"恭喜发财","kind":"lucky","total":1000,"shares":5,"currency":"CNY"}"#;
    let id = RedPacketId(Uuid::from_u128(0x0193_47a2_5b1e_7c3d_8f4a_0a1b_2c3d_4e5f));
    let seed = "5e".repeat(32);
    let mut before = fair::commitment(id, &rules_hash(rules), &seed);
    let shares = fair::split(Money::minor(1_000), 5, RedPacketKind::Lucky, &seed);
    let mut takes = vec![];
    for ((place, name), amount) in (1..).zip(["ann", "bob", "cleo"]).zip(shares) {
        let person = fair::pseudonym(id, name, "salt");
        before = fair::link(&before, place, &person, amount);
        takes.push(Take {
            place,
            person,
            amount,
            link: before.clone(),
        });
    }
    PacketFile::of((id, rules.to_owned(), seed), takes).unwrap()
}

/// The name on the top level that a byte of a file lies under.
fn under(text: &str, byte: usize) -> &str {
    let names = text[..byte].rmatch_indices("\n  \"");
    let lines = names.map(|(at, _)| &text[at + 4..]);
    lines
        .filter_map(|line| line.split_once('"'))
        .map(|(name, _)| name)
        .next()
        .unwrap_or_default()
}

/// The beginning of the character that a byte lies in.
fn floor(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Red packets: the published vectors are what this program says, and are a file that verifies.
#[test]
fn the_published_vectors_are_ours() {
    let text = example().text().unwrap();
    assert_eq!(std::fs::read_to_string(VECTORS).unwrap(), text);
    let file = verify(text.as_bytes()).unwrap();
    let taken = Money::sum(file.takes.iter().map(|take| take.amount)).unwrap();
    assert_eq!(taken.plus(file.returned), Ok(Money::minor(1_000)));
}

/// Red packets: whichever byte of the file is changed, it does not verify, and what is said names where: the piece that the byte lies in, one
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

/// Red packets: leaving out, adding and swapping is found as well, and so is a fen that was put elsewhere.
#[test]
fn other_changes_are_found() {
    let whole = example();
    let changes: [(&str, Change); 7] = [
        ("takes[1]", |file| drop(file.takes.remove(1))),
        ("takes[0]", |file| file.takes.swap(0, 1)),
        ("returned", |file| drop(file.takes.pop())),
        ("shares", |file| file.shares.truncate(4)),
        ("shares[0]", |file| file.shares[0] = Money::minor(1)),
        ("shares[3]", |file| file.shares[3] = Money::minor(1)),
        ("returned", |file| file.returned = Money::ZERO),
    ];
    for (name, change) in changes {
        let mut file = whole.clone();
        change(&mut file);
        let said = format!("{:#}", verify(file.text().unwrap().as_bytes()).unwrap_err());
        assert!(said.contains(name), "{said}");
    }
}

/// Red packets: a seed that was chosen after the commitment is found, even if all that follows from it is made to fit; and so is more than was in a share,
/// though its link says the same.
#[test]
fn another_seed_or_amount_does_not_fit() {
    let whole = example();
    let rules = whole.rules.get().to_owned();
    let other = (whole.red_packet_id, rules, "5f".repeat(32));
    let mut file = PacketFile::of(other, whole.takes.clone()).unwrap();
    file.commitment.clone_from(&whole.commitment);
    let said = file.verify().unwrap_err().to_string();
    assert!(
        said.starts_with("red_packet_id, commitment, seed"),
        "{said}"
    );
    let mut file = whole;
    let take = file.takes.pop().unwrap();
    let amount = take.amount.plus(Money::minor(1)).unwrap();
    let link = fair::link(&file.takes[1].link, 3, &take.person, amount);
    file.takes.push(Take {
        amount,
        link,
        ..take
    });
    let said = file.verify().unwrap_err().to_string();
    assert!(said.starts_with("takes[2]: its amount"), "{said}");
}
