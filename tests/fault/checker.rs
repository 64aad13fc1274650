//! The invariants, over a history, the final views of all devices and what is stored. Linear but for one sort.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::history::{Line, View, What};

/// Everything that is known at the end of a run.
pub struct Evidence {
    pub lines: Vec<Line>,
    /// By device: what it has, having caught up.
    pub views: BTreeMap<usize, View>,
    /// By device: from which to which number it may see a conversation; `None`: to the end.
    pub seats: BTreeMap<usize, BTreeMap<String, (u64, Option<u64>)>>,
    /// What PostgreSQL holds: number and client message id of every message, by conversation; notices have no id.
    pub stored: View,
    /// Lines of the nodes' logs that speak of a panic.
    pub panics: Vec<String>,
}

/// All violations found, each a sentence that begins with the invariant's number.
pub fn check(evidence: &Evidence) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(acknowledged_is_stored_and_seen(evidence));
    wrong.extend(no_id_twice(evidence));
    wrong.extend(connections_rise_by_one(evidence));
    wrong.extend(resumes_are_exact(evidence));
    wrong.extend(stored_is_dense(evidence));
    wrong.extend(nothing_from_nowhere(evidence));
    wrong.extend(real_time_order(evidence));
    wrong.extend(retries_agree(evidence));
    wrong.extend(nobody_sees_too_much(evidence));
    wrong.extend(
        evidence
            .panics
            .iter()
            .map(|line| format!("I-24 panic: {line}")),
    );
    wrong
}

fn acknowledgements(evidence: &Evidence) -> impl Iterator<Item = (&Line, &String, &String, u64)> {
    evidence.lines.iter().filter_map(|line| match &line.what {
        What::Ok {
            conversation,
            client_id,
            number,
        } => Some((line, conversation, client_id, *number)),
        _ => None,
    })
}

/// I-1: every acknowledged send is stored once under its number and is in the view of everybody who may see it.
fn acknowledged_is_stored_and_seen(evidence: &Evidence) -> Vec<String> {
    let mut wrong = Vec::new();
    for (_, conversation, client_id, number) in acknowledgements(evidence) {
        let stored = evidence
            .stored
            .get(conversation)
            .and_then(|log| log.get(&number));
        if stored != Some(client_id) {
            wrong.push(format!(
                "I-1 {client_id} was acknowledged as {number}, stored there is {stored:?}"
            ));
        }
        for (device, seats) in &evidence.seats {
            let may = seats.get(conversation).is_some_and(|(first, last)| {
                *first <= number && last.is_none_or(|last| number <= last)
            });
            let seen = evidence
                .views
                .get(device)
                .and_then(|view| view.get(conversation)?.get(&number));
            if may && seen != Some(client_id) {
                wrong.push(format!(
                    "I-1 device {device} lacks {client_id} at {number}, it has {seen:?}"
                ));
            }
        }
    }
    wrong
}

/// I-2: no client message id is stored twice; no connection is pushed the same message twice.
fn no_id_twice(evidence: &Evidence) -> Vec<String> {
    let mut wrong = Vec::new();
    for (conversation, log) in &evidence.stored {
        let mut seen = BTreeSet::new();
        for id in log
            .values()
            .filter(|id| !id.is_empty() && !seen.insert(*id))
        {
            wrong.push(format!("I-2 {id} is stored twice in {conversation}"));
        }
    }
    let mut pushed = BTreeSet::new();
    for line in &evidence.lines {
        if let What::Pushed {
            conversation,
            number,
            ..
        } = &line.what
            && !pushed.insert((line.device, line.connection, conversation, number))
        {
            wrong.push(format!(
                "I-2 {number} of {conversation} was pushed twice on connection {}",
                line.connection
            ));
        }
    }
    wrong
}

/// I-3: on one connection, pushed numbers of a conversation rise, and a hole is always filled by a `resume` before the
/// next push is taken (the client's rule), so that what it has is without a hole: all views agree with the store.
fn connections_rise_by_one(evidence: &Evidence) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut last: HashMap<(u64, &String), u64> = HashMap::new();
    for line in &evidence.lines {
        if let What::Pushed {
            conversation,
            number,
            ..
        } = &line.what
        {
            let before = last.insert((line.connection, conversation), *number);
            if before.is_some_and(|before| *number <= before) {
                wrong.push(format!(
                    "I-3 connection {} was pushed {number} after {before:?}",
                    line.connection
                ));
            }
        }
    }
    for (device, view) in &evidence.views {
        for (conversation, log) in view {
            let differs = log.iter().find(|(number, id)| {
                evidence
                    .stored
                    .get(conversation)
                    .and_then(|stored| stored.get(number))
                    != Some(id)
            });
            if let Some((number, id)) = differs {
                wrong.push(format!("I-3 device {device} has {id:?} at {number} of {conversation}, the store has not"));
            }
        }
    }
    wrong
}

/// I-3: a `resume` goes on where the device stopped, with nothing left out and nothing again, however its lines broke.
fn resumes_are_exact(evidence: &Evidence) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut have: HashMap<(usize, &String), u64> = HashMap::new();
    for line in &evidence.lines {
        match &line.what {
            What::Pushed {
                conversation,
                number,
                ..
            } => {
                let have = have.entry((line.device, conversation)).or_default();
                *have += u64::from(*number == *have + 1);
            }
            What::Resumed {
                conversation,
                number,
                ..
            } => {
                let have = have.entry((line.device, conversation)).or_default();
                if *number != *have + 1 {
                    wrong.push(format!(
                        "I-3 device {} had {have}, resume gave {number} of {conversation}",
                        line.device
                    ));
                }
                *have = *number;
            }
            _ => {}
        }
    }
    wrong
}

/// I-4: stored numbers are exactly 1…n.
fn stored_is_dense(evidence: &Evidence) -> Vec<String> {
    let dense = |log: &BTreeMap<u64, String>| log.keys().copied().eq(1..=log.len() as u64);
    let holes = evidence.stored.iter().filter(|(_, log)| !dense(log));
    holes
        .map(|(conversation, _)| format!("I-4 the numbers of {conversation} are not dense"))
        .collect()
}

/// I-5: nothing is stored that was never invoked, or whose every attempt definitely failed.
fn nothing_from_nowhere(evidence: &Evidence) -> Vec<String> {
    let (mut invoked, mut failed) = (
        HashMap::<&String, usize>::new(),
        HashMap::<&String, usize>::new(),
    );
    for line in &evidence.lines {
        match &line.what {
            What::Invoke { client_id, .. } => *invoked.entry(client_id).or_default() += 1,
            What::Fail { client_id, .. } => *failed.entry(client_id).or_default() += 1,
            _ => {}
        }
    }
    let stored = evidence
        .stored
        .values()
        .flat_map(BTreeMap::values)
        .filter(|id| !id.is_empty());
    stored
        .filter(|id| {
            invoked
                .get(id)
                .is_none_or(|tries| failed.get(id) == Some(tries))
        })
        .map(|id| format!("I-5 {id} is stored, but nobody said it or every try was refused"))
        .collect()
}

/// I-6 and I-7: what was acknowledged before another send began has the smaller number.
fn real_time_order(evidence: &Evidence) -> Vec<String> {
    let mut highest: HashMap<&String, u64> = HashMap::new();
    let mut floor: HashMap<&String, u64> = HashMap::new();
    let mut wrong = Vec::new();
    for line in &evidence.lines {
        match &line.what {
            What::Invoke {
                conversation,
                client_id,
                ..
            } => {
                let floor_now = highest.get(conversation).copied().unwrap_or_default();
                floor.entry(client_id).or_insert(floor_now);
            }
            What::Ok {
                conversation,
                client_id,
                number,
            } => {
                if floor.get(client_id).is_some_and(|floor| number <= floor) {
                    wrong.push(format!(
                        "I-6 {client_id} got {number}, but began after {:?}",
                        floor[client_id]
                    ));
                }
                let highest = highest.entry(conversation).or_default();
                *highest = (*highest).max(*number);
            }
            _ => {}
        }
    }
    wrong
}

/// I-8: every acknowledgement of one client message id says the same number.
fn retries_agree(evidence: &Evidence) -> Vec<String> {
    let mut first: HashMap<&String, u64> = HashMap::new();
    let again = acknowledgements(evidence).filter_map(|(_, _, id, number)| {
        let before = *first.entry(id).or_insert(number);
        (before != number).then(|| format!("I-8 {id} was acknowledged as {before} and as {number}"))
    });
    again.collect()
}

/// I-9: nobody has, or was ever pushed, what lies outside their time in a conversation.
fn nobody_sees_too_much(evidence: &Evidence) -> Vec<String> {
    let may = |device: usize, conversation: &String, number: u64| {
        evidence
            .seats
            .get(&device)
            .and_then(|seats| seats.get(conversation))
            .is_some_and(|(first, last)| *first <= number && last.is_none_or(|last| number <= last))
    };
    let shown = evidence.lines.iter().filter_map(|line| match &line.what {
        What::Pushed {
            conversation,
            number,
            ..
        }
        | What::Resumed {
            conversation,
            number,
            ..
        } => Some((line.device, conversation, *number)),
        _ => None,
    });
    shown
        .filter(|(device, conversation, number)| !may(*device, conversation, *number))
        .map(|(device, conversation, number)| {
            format!("I-9 device {device} was shown {number} of {conversation}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    //! The checker is proved by histories with one thing wrong each.

    use super::*;

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
}
