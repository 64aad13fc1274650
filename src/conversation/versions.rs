//! What a message said before: evidence for a dispute (CHAT-08).

use serde::Serialize;

use super::{change, queries};
use crate::{
    actor::Actor,
    app::App,
    clock::millis,
    error::{Refusal, Result},
    id::{ConversationId, UserId},
};

/// Versions in one answer at most; no message has more unless its card was redrawn as often.
const MOST: i64 = 1_000;

/// All that a message has said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Versions {
    /// As it is now.
    pub current: proto::Message,
    /// What it said before, the oldest first.
    pub former: Vec<Former>,
}

/// A former version of a message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Former {
    /// 1 as sent.
    pub version: u32,
    /// When the next version took its place, milliseconds since 1970, by the database's clock.
    pub replaced_at: i64,
    /// Who edited, recalled or redrew it then; absent: the server itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<UserId>,
    /// Words, attachments and card.
    pub content: proto::Message,
}

/// The record of a message in a shop's conversation or group, recalled or not. Only for staff who moderate there; that
/// they have looked is recorded.
///
/// Refuses with `forbidden` and `not_found`.
pub async fn versions(
    app: &App,
    actor: &Actor,
    conversation: ConversationId,
    number: u64,
) -> Result<Versions> {
    let (mut tx, held) = change::hold(app, actor, conversation, number).await?;
    if !held.standing.moderates() {
        return Err(Refusal::Forbidden.into());
    }
    let former = queries::change::former(&mut tx, conversation, number, MOST).await?;
    let current = change::shown(&mut tx, held.name()).await?;
    held.record(
        &mut tx,
        actor,
        "message.versions_read",
        &current,
        app.clock.now(),
    )
    .await?;
    tx.commit().await?;
    let former = former.into_iter().map(|one| Former {
        version: one.version.cast_unsigned(),
        replaced_at: millis(one.replaced_at),
        replaced_by: one.replaced_by,
        content: one.content,
    });
    Ok(Versions {
        current,
        former: former.collect(),
    })
}
