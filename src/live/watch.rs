//! Who watches whether somebody is on the line.
//!
//! Only people who have to do with one another may: they share a conversation, or one works for a shop that the other
//! is a customer of. Everybody else is reported as not on the line, and never told about.

use std::sync::Arc;

use proto::{Presence, PresenceList, WatchPresence, reply::Answer};

use super::{Live, line::Line};
use crate::{
    bus::Audience,
    conversation::recent::acquaintances,
    error::{Result, refused_argument},
    id::UserId,
};

/// People that one line may watch.
const MOST: usize = 200;

impl Live {
    /// Tells who of these people is on the line, and from now on whenever that changes, instead of those watched before.
    /// Refuses more than 200, and what is not an id, with `invalid_argument`.
    pub(super) async fn watch(&self, line: &Arc<Line>, request: WatchPresence) -> Result<Answer> {
        if request.user_ids.len() > MOST {
            return Err(refused_argument("user_ids", "has at most 200 people"));
        }
        let wrong = |_| refused_argument("user_ids", "holds what is not an id");
        let users = request.user_ids.iter().map(|id| id.parse().map_err(wrong));
        let users = users.collect::<Result<Vec<UserId>>>()?;
        let known = acquaintances(&self.app, line.actor().user, &users).await?;
        self.hub.watch(line, &watchers(&known)).await;
        let online = self.app.store.bus().online(&known).await;
        let people = users.iter().map(|user| Presence {
            user_id: user.to_string(),
            online: online.contains(&(*user, true)),
        });
        Ok(Answer::PresenceList(PresenceList {
            people: people.collect(),
        }))
    }

    /// Whom a line watches and may still watch.
    pub(super) async fn still_watched(&self, line: &Line) -> Result<Vec<Audience>> {
        let watched: Vec<UserId> = line
            .audiences()
            .into_iter()
            .filter_map(|audience| match audience {
                Audience::Watchers(user) => Some(user),
                _ => None,
            })
            .collect();
        if watched.is_empty() {
            return Ok(vec![]);
        }
        let known = acquaintances(&self.app, line.actor().user, &watched).await?;
        Ok(watchers(&known))
    }
}

fn watchers(users: &[UserId]) -> Vec<Audience> {
    users.iter().copied().map(Audience::Watchers).collect()
}
