//! What has moved of late, for the sweep that heals what the bus lost, and who may know of whom that they are on the line.
//!
//! "Of late" is by the database's clock, the one that wrote the times down; whoever asks says how far back.

use std::time::Duration;

use proto::Head;

use super::{Address, queries};
use crate::{
    app::App,
    error::Result,
    id::{ConversationId, UserId},
};

/// A conversation that moved: where it stands now and who may see it.
#[derive(Debug)]
pub struct Moved {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who may see it.
    pub address: Address,
    /// Where it stands.
    pub head: Head,
}

/// A membership of a group that began or ended, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which group.
    pub group: ConversationId,
    /// Whose membership.
    pub user: UserId,
    /// The first message of it.
    pub joined: u64,
    /// The last message of it; nothing: still in the group.
    pub left: Option<u64>,
    /// Where the group stands.
    pub number: u64,
    /// The same for changes in place.
    pub revision: u64,
}

impl Change {
    /// The group's head.
    pub fn head(&self) -> Head {
        head(self.group, self.number, self.revision)
    }
}

/// The conversations that moved in the last `window`.
pub async fn moved_within(app: &App, window: Duration) -> Result<Vec<Moved>> {
    let moved = queries::moved_within(app.store.pool(), window.as_secs_f64()).await?;
    Ok(moved
        .into_iter()
        .map(|row| Moved {
            conversation: row.conversation,
            address: row.address,
            head: head(row.conversation, row.number, row.revision),
        })
        .collect())
}

/// The memberships of groups that changed in the last `window`: of each person in each group, the newest.
pub async fn memberships_changed_within(app: &App, window: Duration) -> Result<Vec<Change>> {
    Ok(queries::memberships_changed_within(app.store.pool(), window.as_secs_f64()).await?)
}

/// Those of `others` whom `user` may watch: who takes part in a conversation of theirs, a shop's staff their customers and
/// the other way round, and colleagues.
pub async fn acquaintances(app: &App, user: UserId, others: &[UserId]) -> Result<Vec<UserId>> {
    Ok(queries::acquaintances(app.store.pool(), user, others).await?)
}

fn head(conversation: ConversationId, number: u64, revision: u64) -> Head {
    Head {
        conversation_id: conversation.to_string(),
        number,
        revision,
    }
}
