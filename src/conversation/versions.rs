//! What a message said before: evidence for a dispute (CHAT-08).

use serde::Serialize;

use super::{change, queries};
use crate::{
    actor::Actor,
    app::App,
    clock::millis,
    error::{Refusal, Result},
    id::{ConversationId, UserId},
    store::page,
};

/// What a message has said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Versions {
    /// As it is now.
    pub current: proto::Message,
    /// What it said before, the newest first.
    pub former: Vec<Former>,
    /// Empty on the last page.
    pub next_cursor: String,
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

/// A page of a record: of which message, and from where on.
#[derive(Debug)]
pub struct Asked {
    /// Where it was said.
    pub conversation: ConversationId,
    /// Which message.
    pub number: u64,
    /// From the last page.
    pub cursor: String,
    /// 1 to 100; 0 means 50.
    pub limit: u32,
}

/// The record of a message in a shop's conversation or group, recalled or not. Only for staff who moderate there; that
/// they have looked is recorded, page by page.
///
/// Refuses with `rate_limited`, `forbidden`, `not_found`, and a bad cursor or limit with `invalid_argument`.
pub async fn versions(app: &App, actor: &Actor, asked: &Asked) -> Result<Versions> {
    let limit = page::limit(asked.limit, 50, 100)?;
    let before: Option<i32> = page::after(&asked.cursor)?;
    let (mut tx, held) = change::hold(app, actor, asked.conversation, asked.number).await?;
    if !held.standing.moderates() {
        return Err(Refusal::Forbidden.into());
    }
    let before = before.unwrap_or(i32::MAX);
    let mut former = queries::change::former(&mut tx, held.name(), before, limit + 1).await?;
    let next_cursor = page::next(&mut former, limit, |last| last.version);
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
        next_cursor,
    })
}
