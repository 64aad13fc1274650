//! Everything that was said in a part of a conversation, with what it said before: for evidence (CHAT-08).

use serde::Serialize;

use super::{queries, wire};
use crate::{
    clock::millis,
    error::Result,
    id::{ConversationId, UserId},
    store::Tx,
};

/// One version of a message, as it is in the log.
#[derive(Debug, Serialize)]
pub struct Recorded {
    /// The message's number.
    pub number: i64,
    /// 1 as sent.
    pub version: i32,
    /// Who said it; null: the server itself.
    pub sender_id: Option<UserId>,
    /// When it was said, milliseconds since 1970.
    pub sent_at: i64,
    /// When the next version took its place, milliseconds since 1970; null: it is how the message is now.
    pub replaced_at: Option<i64>,
    /// Words, attachments and card.
    pub content: proto::Message,
    /// It was recalled: from then on it is blank.
    pub recalled: bool,
}

/// A row of it.
pub(super) struct Row {
    pub number: i64,
    pub version: i32,
    pub sender: Option<UserId>,
    pub sent_at: jiff_sqlx::Timestamp,
    pub replaced_at: Option<jiff_sqlx::Timestamp>,
    pub text: String,
    pub extra: Option<Vec<u8>>,
    pub card: Option<Vec<u8>>,
    pub recalled: bool,
}

/// All versions of the messages from `from` on, at most `most` rows, in the log's order. The caller has settled that they may be seen.
pub async fn record(
    tx: &mut Tx,
    conversation: ConversationId,
    from: i64,
    most: i64,
) -> Result<Vec<Recorded>> {
    let rows = queries::record(tx, conversation, from, most).await?;
    let recorded = rows.into_iter().map(|row| Recorded {
        number: row.number,
        version: row.version,
        sender_id: row.sender,
        sent_at: millis(row.sent_at.to_jiff()),
        replaced_at: row.replaced_at.map(|at| millis(at.to_jiff())),
        content: wire::restore(row.text, row.extra.as_deref(), row.card.as_deref()),
        recalled: row.recalled,
    });
    Ok(recorded.collect())
}
