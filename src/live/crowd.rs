//! Which lines belong to which audience. The bus hears for an audience from its first line here to its last.

use std::sync::Arc;

use dashmap::DashMap;

use super::line::Line;
use crate::{
    bus::{Audience, Bus},
    id::UserId,
};

/// The audiences that somebody here belongs to. A line knows its own audiences, too; both are changed here alone.
pub(super) struct Crowd {
    audiences: DashMap<Audience, Vec<Arc<Line>>>,
    bus: Bus,
}

impl Crowd {
    pub(super) fn new(bus: Bus) -> Self {
        Self {
            audiences: DashMap::new(),
            bus,
        }
    }

    /// A line belongs to `audiences`, too, from now on. Returns when the bus hears for it.
    pub(super) async fn join(&self, line: &Arc<Line>, audiences: &[Audience]) {
        for audience in audiences {
            self.enter(line, *audience);
        }
        self.bus.confirmed(audiences).await;
    }

    /// Puts a line into an audience; the bus follows it from the first one there. False: it was there already.
    pub(super) fn enter(&self, line: &Arc<Line>, audience: Audience) -> bool {
        if !line.enter(audience) {
            return false;
        }
        let mut lines = self.audiences.entry(audience).or_default();
        lines.push(line.clone());
        if lines.len() == 1 {
            self.bus.follow(audience);
        }
        drop(lines);
        if line.gone() {
            self.exit(line, audience);
        }
        true
    }

    /// Takes a line out of an audience.
    pub(super) fn exit(&self, line: &Line, audience: Audience) {
        line.exit(audience);
        if let Some(mut lines) = self.audiences.get_mut(&audience)
            && let Some(place) = lines.iter().position(|one| one.id == line.id)
        {
            lines.swap_remove(place);
        }
        self.audiences.remove_if(&audience, |_, lines| {
            if lines.is_empty() {
                self.bus.unsubscribe(audience);
            }
            lines.is_empty()
        });
    }

    /// Takes a line out of the audiences that it is not to `keep`.
    pub(super) fn thin(&self, line: &Line, keep: impl Fn(&Audience) -> bool) {
        for audience in line.audiences() {
            if !keep(&audience) {
                self.exit(line, audience);
            }
        }
    }

    /// Takes a line that is gone out of all of its audiences.
    pub(super) fn leave(&self, line: &Line) {
        for audience in line.vanish() {
            self.exit(line, audience);
        }
    }

    /// The lines of one person.
    pub(super) fn lines_of(&self, user: UserId) -> Vec<Arc<Line>> {
        self.audiences
            .get(&Audience::User(user))
            .map(|lines| lines.clone())
            .unwrap_or_default()
    }

    /// Is anybody of these audiences here?
    pub(super) fn anybody(&self, audiences: &[Audience]) -> bool {
        audiences
            .iter()
            .any(|audience| self.audiences.contains_key(audience))
    }

    /// Acts on each line of an audience, under the audience's lock.
    pub(super) fn each_line(&self, audience: Audience, mut act: impl FnMut(&Arc<Line>)) {
        if let Some(lines) = self.audiences.get(&audience) {
            lines.iter().for_each(&mut act);
        }
    }
}
