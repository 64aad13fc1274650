//! The invariants, over a history, the final views of all devices and what is stored. Linear but for one sort.

mod shown;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::{
    shown::{connections_rise_by_one, no_id_twice, nobody_sees_too_much, resumes_are_exact},
    stored::{
        acknowledged_is_stored_and_seen, nothing_from_nowhere, real_time_order, retries_agree,
        stored_is_dense,
    },
};
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
