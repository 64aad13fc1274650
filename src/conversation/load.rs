//! Messages as they are shown: the one way from the log to the contract, for history, resume, filling and redrawing.
//!
//! A message comes as it is now: the sender by their present name, reactions counted, a recalled one without its words, and
//! what it quotes as that is now.

use prost::Message as _;
use proto::Message;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{queries, quote};
use crate::{error::Result, id::ConversationId};

/// What the messages of one page may weigh together, in bytes of words, attachments and cards: a page must fit into the
/// queue of a socket several times over, or a slow phone could never catch up.
pub(crate) const PAGE_BYTES: usize = 256 * 1024;

/// A message's place in a conversation.
pub(crate) type Name = (ConversationId, u64);

/// The messages with these numbers, in this order, however much they weigh. What does not exist is passed over.
pub(crate) async fn messages(
    sql: &mut PgConnection,
    conversation: ConversationId,
    numbers: &[i64],
) -> Result<Vec<Message>> {
    let conversations = vec![conversation.0; numbers.len()];
    let mut messages = queries::load::messages(sql, &conversations, numbers, i64::MAX).await?;
    quote::draw(sql, &mut messages).await?;
    Ok(messages)
}

/// As many of the named messages, from the first on, as fit into [`PAGE_BYTES`]; at least one. The caller has settled
/// that they may be seen.
pub(crate) async fn page(sql: &mut PgConnection, names: &[Name]) -> Result<Vec<Message>> {
    if names.is_empty() {
        return Ok(vec![]);
    }
    let conversations: Vec<Uuid> = names.iter().map(|name| name.0.0).collect();
    let numbers: Vec<i64> = names.iter().map(|name| name.1.cast_signed()).collect();
    let bytes = i64::try_from(PAGE_BYTES).unwrap_or(i64::MAX);
    let mut messages = queries::load::messages(sql, &conversations, &numbers, bytes).await?;
    quote::draw(sql, &mut messages).await?;
    messages.truncate(fitting(&messages));
    Ok(messages)
}

/// How many of these messages, from the first on, fit into [`PAGE_BYTES`] with all that is drawn in them; at least one.
/// The database has counted words, attachments and cards only.
fn fitting(messages: &[Message]) -> usize {
    let mut bytes = 0;
    let fit = messages.iter().take_while(|message| {
        bytes += message.encoded_len();
        bytes <= PAGE_BYTES
    });
    fit.count().max(1)
}

/// The same for consecutive numbers of one conversation, both ends included.
pub(crate) async fn range(
    sql: &mut PgConnection,
    conversation: ConversationId,
    first: u64,
    last: u64,
) -> Result<Vec<Message>> {
    let names: Vec<Name> = (first..=last)
        .map(|number| (conversation, number))
        .collect();
    page(sql, &names).await
}
