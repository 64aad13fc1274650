//! What the devices were shown: nothing twice, nothing backwards, nothing that is not theirs.

use std::collections::{BTreeSet, HashMap};

use super::{super::history::What, Evidence};

/// I-2: no client message id is stored twice; no connection is pushed the same message twice.
pub(super) fn no_id_twice(evidence: &Evidence) -> Vec<String> {
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
pub(super) fn connections_rise_by_one(evidence: &Evidence) -> Vec<String> {
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
pub(super) fn resumes_are_exact(evidence: &Evidence) -> Vec<String> {
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

/// I-9: nobody has, or was ever pushed, what lies outside their time in a conversation.
pub(super) fn nobody_sees_too_much(evidence: &Evidence) -> Vec<String> {
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
