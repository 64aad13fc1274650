//! The checker is proved by histories with one thing wrong each.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::history::{Line, View, What},
    Evidence, check,
};

fn line(at: u64, what: What) -> Line {
    Line {
        at,
        device: 0,
        connection: 0,
        what,
    }
}

fn invoke(at: u64, id: &str) -> Line {
    line(
        at,
        What::Invoke {
            conversation: "c".into(),
            client_id: id.into(),
            body: String::new(),
        },
    )
}

fn ok(at: u64, id: &str, number: u64) -> Line {
    line(
        at,
        What::Ok {
            conversation: "c".into(),
            client_id: id.into(),
            number,
        },
    )
}

fn pushed(at: u64, id: &str, number: u64) -> Line {
    line(
        at,
        What::Pushed {
            conversation: "c".into(),
            client_id: id.into(),
            number,
        },
    )
}

fn resumed(at: u64, id: &str, number: u64) -> Line {
    line(
        at,
        What::Resumed {
            conversation: "c".into(),
            client_id: id.into(),
            number,
        },
    )
}

fn log(entries: &[(u64, &str)]) -> View {
    let log = entries
        .iter()
        .map(|(number, id)| (*number, (*id).to_owned()))
        .collect();
    View::from([("c".to_owned(), log)])
}

fn evidence(lines: Vec<Line>, stored: View, view: View) -> Evidence {
    let seats = BTreeMap::from([(0, BTreeMap::from([("c".to_owned(), (1, None))]))]);
    Evidence {
        lines,
        views: BTreeMap::from([(0, view)]),
        seats,
        stored,
        panics: vec![],
    }
}

fn found(evidence: &Evidence) -> BTreeSet<String> {
    check(evidence)
        .iter()
        .filter_map(|wrong| wrong.split(' ').next().map(str::to_owned))
        .collect()
}

fn good() -> Evidence {
    let lines = vec![
        invoke(1, "a"),
        ok(2, "a", 1),
        pushed(3, "a", 1),
        invoke(4, "b"),
        ok(5, "b", 2),
        pushed(6, "b", 2),
    ];
    evidence(
        lines,
        log(&[(1, "a"), (2, "b")]),
        log(&[(1, "a"), (2, "b")]),
    )
}

#[test]
fn a_clean_run_is_clean() {
    assert_eq!(check(&good()), Vec::<String>::new());
}

#[test]
fn each_wrong_is_found() {
    let mut lost = good();
    lost.stored = log(&[(1, "a")]);
    assert!(found(&lost).contains("I-1"));
    let mut unseen = good();
    unseen.views = BTreeMap::from([(0, log(&[(1, "a")]))]);
    assert_eq!(found(&unseen), BTreeSet::from(["I-1".to_owned()]));
    let mut doubled = good();
    doubled.stored = log(&[(1, "a"), (2, "b"), (3, "b")]);
    assert!(found(&doubled).contains("I-2"));
    let mut pushed_twice = good();
    pushed_twice.lines.push(pushed(7, "b", 2));
    assert!(found(&pushed_twice).contains("I-2"));
    let mut backwards = good();
    backwards.lines.push(pushed(7, "a", 1));
    assert!(found(&backwards).contains("I-3"));
    let mut again = good();
    again.lines.push(resumed(7, "b", 2));
    assert!(found(&again).contains("I-3"));
    let mut left_out = good();
    left_out.lines = vec![resumed(1, "a", 1), resumed(2, "b", 3)];
    assert!(found(&left_out).contains("I-3"));
    let mut hole = good();
    hole.stored = log(&[(1, "a"), (2, "b"), (4, "")]);
    assert!(found(&hole).contains("I-4"));
    let mut invented = good();
    invented.stored = log(&[(1, "a"), (2, "b"), (3, "x")]);
    assert!(found(&invented).contains("I-5"));
    let mut misordered = good();
    misordered.lines = vec![invoke(1, "b"), ok(2, "b", 2), invoke(3, "a"), ok(4, "a", 1)];
    assert!(found(&misordered).contains("I-6"));
    let mut changed = good();
    changed.lines.push(ok(9, "a", 2));
    assert!(found(&changed).contains("I-8"));
    let mut peeped = good();
    peeped.seats = BTreeMap::from([(0, BTreeMap::from([("c".to_owned(), (1, Some(1)))]))]);
    assert!(found(&peeped).contains("I-9"));
    let mut panicked = good();
    panicked.panics.push("thread panicked".into());
    assert!(found(&panicked).contains("I-24"));
}
