//! The times of one person in their groups, as far as a line knows them: what it was told by the log, and what the
//! database said. Pure: the line asks it which changes are for its person (docs/decisions/005-seen-is-seen-as-it-is.md).

use std::collections::HashMap;

use crate::{conversation::Time, id::ConversationId};

/// Times by group, the oldest first; at most the newest is open.
#[derive(Debug, Default)]
pub(super) struct Times(HashMap<ConversationId, Vec<Time>>);

impl Times {
    /// Was this message said in one of the person's times? In a conversation that is not known here it was.
    pub(super) fn hold(&self, conversation: ConversationId, number: u64) -> bool {
        let times = self.0.get(&conversation);
        times.is_none_or(|times| times.iter().any(|time| time.holds(number)))
    }

    /// The database has these. What the log has told since is newer: the last message before the person `left`, if the
    /// line was told that they did, and a time that began later.
    pub(super) fn learn(&mut self, group: ConversationId, mut times: Vec<Time>, left: Option<u64>) {
        if let Some(left) = left {
            close(&mut times, left);
        }
        let newest = |times: &[Time]| times.last().map_or(0, |time| time.joined);
        let known = self.0.entry(group).or_default();
        if newest(known) <= newest(&times) {
            *known = times;
        }
    }

    /// The person is in the group from message `joined` on.
    pub(super) fn begin(&mut self, group: ConversationId, joined: u64) {
        let times = self.0.entry(group).or_default();
        if times.last().is_some_and(|newest| newest.joined >= joined) {
            return;
        }
        // A time whose end was missed: nothing of it is sure until the database is asked.
        times.retain(|time| time.left.is_some());
        times.push(Time { joined, left: None });
    }

    /// Message `left` of the group is the last of the person's time.
    pub(super) fn end(&mut self, group: ConversationId, left: u64) {
        if let Some(times) = self.0.get_mut(&group) {
            close(times, left);
        }
    }
}

/// The newest time ends with message `left`, if it is open and had begun by then.
fn close(times: &mut [Time], left: u64) {
    if let Some(newest) = times.last_mut()
        && newest.left.is_none()
        && newest.joined <= left
    {
        newest.left = Some(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(times: &Times, group: ConversationId) -> Vec<u64> {
        (1..=12)
            .filter(|number| times.hold(group, *number))
            .collect()
    }

    /// Both times are seen, nothing between them, whether the line was told of them or the database was asked.
    #[test]
    fn nothing_is_held_between_two_times() {
        let (mut told, mut asked, group) =
            (Times::default(), Times::default(), ConversationId::new());
        told.begin(group, 3);
        told.end(group, 5);
        assert_eq!(held(&told, group), [3, 4, 5]);
        told.begin(group, 9);
        asked.learn(group, Time::all(&[(3, Some(5)), (9, None)]), None);
        for times in [told, asked] {
            assert_eq!(held(&times, group), [3, 4, 5, 9, 10, 11, 12]);
        }
    }

    #[test]
    fn a_time_whose_end_was_missed_is_held_again_when_the_database_was_asked() {
        let (mut times, group) = (Times::default(), ConversationId::new());
        times.begin(group, 3);
        times.begin(group, 9);
        assert_eq!(held(&times, group), [9, 10, 11, 12]);
        times.learn(group, Time::all(&[(3, Some(5)), (9, None)]), None);
        assert_eq!(held(&times, group), [3, 4, 5, 9, 10, 11, 12]);
    }

    #[test]
    fn what_was_read_before_is_old_news() {
        let (mut times, group) = (Times::default(), ConversationId::new());
        times.learn(group, Time::all(&[(3, None)]), Some(5));
        assert_eq!(held(&times, group), [3, 4, 5], "left meanwhile");
        times.begin(group, 9);
        times.learn(group, Time::all(&[(3, None)]), None);
        times.begin(group, 3);
        assert_eq!(held(&times, group), [3, 4, 5, 9, 10, 11, 12]);
    }

    #[test]
    fn other_conversations_are_not_judged_here() {
        assert!(Times::default().hold(ConversationId::new(), 1));
    }
}
