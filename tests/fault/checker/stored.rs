//! What is stored, and where: all that was acknowledged, by number, and nothing else.

use std::collections::{BTreeMap, HashMap};

use super::{super::history::What, Evidence, acknowledgements};

/// I-1: every acknowledged send is stored once under its number and is in the view of everybody who may see it.
pub(super) fn acknowledged_is_stored_and_seen(evidence: &Evidence) -> Vec<String> {
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

/// I-4: stored numbers are exactly 1…n.
pub(super) fn stored_is_dense(evidence: &Evidence) -> Vec<String> {
    let dense = |log: &BTreeMap<u64, String>| log.keys().copied().eq(1..=log.len() as u64);
    let holes = evidence.stored.iter().filter(|(_, log)| !dense(log));
    holes
        .map(|(conversation, _)| format!("I-4 the numbers of {conversation} are not dense"))
        .collect()
}

/// I-5: nothing is stored that was never invoked, or whose every attempt definitely failed.
pub(super) fn nothing_from_nowhere(evidence: &Evidence) -> Vec<String> {
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
pub(super) fn real_time_order(evidence: &Evidence) -> Vec<String> {
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
pub(super) fn retries_agree(evidence: &Evidence) -> Vec<String> {
    let mut first: HashMap<&String, u64> = HashMap::new();
    let again = acknowledgements(evidence).filter_map(|(_, _, id, number)| {
        let before = *first.entry(id).or_insert(number);
        (before != number).then(|| format!("I-8 {id} was acknowledged as {before} and as {number}"))
    });
    again.collect()
}
