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
    /// Of this row and all before it.
    pub bytes: i64,
}

/// What was said.
#[derive(Debug)]
pub struct Record {
    /// In the log's order.
    pub messages: Vec<Recorded>,
    /// Nothing is missing at its end.
    pub whole: bool,
}

/// Bytes of one record at most, about.
const BYTES: i64 = 4 * 1_024 * 1_024;

/// All versions of the messages from `from` on, at most `most` rows and some megabytes. The caller has settled that they may be seen.
pub async fn record(
    tx: &mut Tx,
    conversation: ConversationId,
    from: i64,
    most: i64,
) -> Result<Record> {
    let rows = queries::record(tx, conversation, from, most, BYTES).await?;
    let bytes = rows.last().map_or(0, |row| row.bytes);
    let whole = bytes <= BYTES && i64::try_from(rows.len()).is_ok_and(|rows| rows < most);
    let recorded = rows.into_iter().map(|row| Recorded {
        number: row.number,
        version: row.version,
        sender_id: row.sender,
        sent_at: millis(row.sent_at.to_jiff()),
        replaced_at: row.replaced_at.map(|at| millis(at.to_jiff())),
        content: wire::restore(row.text, row.extra.as_deref(), row.card.as_deref()),
        recalled: row.recalled,
    });
    Ok(Record {
        messages: recorded.collect(),
        whole,
    })
}
