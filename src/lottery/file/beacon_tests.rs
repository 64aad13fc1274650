//! Draws that a beacon decides. Its chain is one of the tests: its secret key is the number 42.

use proto::DrawGrade;
use uuid::Uuid;

use super::{
    super::fair::Because,
    tests::{floor, under},
    *,
};

/// The vectors that other programs can be tried by.
const VECTORS: &str = "docs/lottery-vectors-beacon.json";
const PUBLIC_KEY: &str = "ac7fa63dfc38bbf3712e27a180391bca4ccabf609c5967a0592eff420b6235f3f2b323051cb099acc3969aca310f7ff4191b2d6db43fafc2c9592f7e5f73981107975d3d92b843891e724dbc9f05b5eee5a3b2b1fc782ede8149f30830b84444";
/// When the list was closed: 2026-10-01 12:00:00.123 UTC.
const AT: i64 = 1_790_856_000_123;
/// The first round that begins three seconds later.
const ROUND: u64 = 30_285_336;
const SIGNATURE: &str = "8a492d0bcdb274ce5ca89dece8437c62f6b0bc45cd4d9edda6b3f1ef2eed576853622713de6a4e7872594f020129312a";

/// Something that is done to a file.
type Change = fn(&mut DrawFile);

fn rules() -> String {
    let chain = format!(
        r#"{{"hash":"{}","public_key":"{PUBLIC_KEY}","scheme":"bls-unchained-g1-rfc9380","genesis":1700000000,"period":3}}"#,
        "42".repeat(32)
    );
    format!(
        r#"{{"algorithm":"souk-draw-1","title":"周末茶会","prizes":[{{"name":"茶","quantity":1}}],"target":null,"ends_at":"2026-10-01T12:00:00Z","substitutes":1,"beacon":{chain}}}"#
    )
}

fn closed() -> Closed {
    let (rules, seed) = (rules(), "5e".repeat(32));
    let draw = DrawId(Uuid::from_u128(0x0193_47a2_5b1e_7c3d_8f4a_0a1b_2c3d_4e60));
    let mut before = fair::commitment(draw, &fair::rules_hash(&rules), &seed);
    let mut tickets = vec![];
    for (number, name) in (1..).zip(["ann", "bob", "cleo"]) {
        let mut ticket = Ticket {
            number,
            person: fair::pseudonym(draw, name, "salt"),
            because: Because::Entered,
            nonce: String::new(),
            link: String::new(),
        };
        ticket.link = fair::link(&before, &ticket);
        before.clone_from(&ticket.link);
        tickets.push(ticket);
    }
    Closed {
        draw,
        rules,
        seed,
        awaited: Some(Awaited {
            at: AT,
            round: ROUND,
        }),
        tickets,
        left_out: vec![],
    }
}

fn example() -> DrawFile {
    DrawFile::of(closed(), Some(Value::of(SIGNATURE)), None).unwrap()
}

fn said(file: &DrawFile) -> String {
    let text = file.text().unwrap();
    format!("{:#}", verify(text.as_bytes()).expect_err("it was changed"))
}

/// LOT-04: the published vectors are what this program says, and are a file that verifies.
#[test]
fn the_published_vectors_are_ours() {
    let text = example().text().unwrap();
    assert_eq!(std::fs::read_to_string(VECTORS).unwrap_or_default(), text);
    let file = verify(text.as_bytes()).unwrap();
    assert_eq!((file.winners.len(), file.substitutes.len()), (1, 1));
    assert_eq!(file.grade, DrawGrade::Beacon);
    let told = file.to_string();
    assert!(told.contains("does not know that chain"), "{told}");
}

/// LOT-04: whichever byte of the file is changed, it does not verify, and what is said names where.
#[test]
fn a_changed_byte_anywhere_is_found_and_named() {
    let text = example().text().unwrap();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let said = format!("{:#}", verify(&bytes).expect_err("it was changed"));
        let floor = floor(&text, at);
        let line = 1 + text[..floor].matches('\n').count();
        let named = (line..line + 3).any(|line| said.contains(&format!("line {line}")));
        let under = under(&text, floor);
        assert!(
            named || said.contains(under),
            "byte {at} in line {line}, under {under}: {said}"
        );
    }
}

/// LOT-04: before its round is known the file has all but that, and names no winner; whoever called it off then is named with the time, and the
/// file says whether they could know who would win.
#[test]
fn a_file_that_waits_and_one_that_was_called_off() {
    let waits = DrawFile::of(closed(), None, None).unwrap();
    let read = verify(waits.text().unwrap().as_bytes()).unwrap();
    assert_eq!((&read.final_seed[..], read.winners.len()), ("", 0));
    assert!(read.to_string().contains("waits for its round"));
    let begins = AT + 3_000;
    for (at, told) in [(AT + 1, "before its round"), (begins + 3_000, "could know")] {
        let off = DrawFile::of(closed(), None, Some((at, "没货了".into()))).unwrap();
        let read = verify(off.text().unwrap().as_bytes()).unwrap();
        assert!(read.to_string().contains(told), "{read}");
        let text = off.text().unwrap().replace("没货了", "没人了");
        let said = verify(text.as_bytes()).unwrap_err().to_string();
        assert!(said.starts_with("cancelled"), "{said}");
    }
    let changes: [(&str, Change); 4] = [
        ("final_seed", |file| file.final_seed = "00".repeat(32)),
        ("winners[0]", |file| {
            file.winners = example().winners;
        }),
        ("cancelled", |file| {
            file.beacon = example().beacon;
            file.cancelled = Some(Cancelled {
                at: AT,
                because: String::new(),
                hash: String::new(),
            });
        }),
        ("grade", |file| file.grade = DrawGrade::OperatorOnly),
    ];
    for (name, change) in changes {
        let mut file = waits.clone();
        change(&mut file);
        assert!(said(&file).contains(name), "{}", said(&file));
    }
}

/// LOT-04: another round, another close, a beacon that nobody named and one that is missing are found, even if the rest is made to fit.
#[test]
fn another_round_does_not_fit() {
    let value = || Some(Value::of(SIGNATURE));
    let awaits = |at, round| Closed {
        awaited: Some(Awaited { at, round }),
        ..closed()
    };
    let wrongs = [
        ("close.round", awaits(AT, ROUND + 1), value()),
        ("close.at", awaits(AT - 3_000, ROUND), value()),
        ("close.at", awaits(AT - 6_000, ROUND - 2), None),
        ("beacon.signature", awaits(AT + 3_000, ROUND + 1), value()),
        (
            "close.at",
            Closed {
                awaited: None,
                ..closed()
            },
            value(),
        ),
    ];
    for (name, closed, beacon) in wrongs {
        let file = DrawFile::of(closed, beacon, None).unwrap();
        assert!(said(&file).contains(name), "{name}: {}", said(&file));
    }
    let mut plain = closed();
    plain.rules = r#"{"algorithm":"souk-draw-1","prizes":[],"substitutes":0}"#.into();
    plain.tickets.clear();
    let file = DrawFile::of(plain.clone(), None, None).unwrap();
    assert!(said(&file).contains("close.at, close.round"));
    plain.awaited = None;
    let file = DrawFile::of(plain, value(), None).unwrap();
    assert!(said(&file).contains("beacon: the rules name none"));
}
