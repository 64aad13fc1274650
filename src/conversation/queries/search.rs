//! What a search looks through.

use futures_util::stream::BoxStream;
use sqlx::PgExecutor;

use crate::id::ConversationId;

/// What was said between two numbers, both included, newest first: number and words, without what was recalled and what
/// has no words. A stream: as much is read as is taken.
pub(in crate::conversation) fn said<'e>(
    sql: impl PgExecutor<'e> + 'e,
    conversation: ConversationId,
    oldest: u64,
    newest: u64,
) -> BoxStream<'e, sqlx::Result<(i64, String)>> {
    sqlx::query!(
        r#"
        select number, text
        from messages
        where conversation_id = $1 and number between $2 and $3 and recalled_at is null and text <> ''
        order by number desc
        "#,
        conversation.0,
        oldest.cast_signed(),
        newest.cast_signed(),
    )
    .map(|row| (row.number, row.text))
    .fetch(sql)
}
