//! What a search looks through.

use sqlx::PgExecutor;

use crate::id::ConversationId;

/// What was said between two numbers, both included, newest first, at most `limit`: number and words, without what was
/// recalled and what has no words.
pub(in crate::conversation) async fn said(
    sql: impl PgExecutor<'_>,
    conversation: ConversationId,
    oldest: u64,
    newest: u64,
    limit: i64,
) -> sqlx::Result<Vec<(u64, String)>> {
    let rows = sqlx::query!(
        r#"
        select number, text
        from messages
        where conversation_id = $1 and number between $2 and $3 and recalled_at is null and text <> ''
        order by number desc
        limit $4
        "#,
        conversation.0,
        oldest.cast_signed(),
        newest.cast_signed(),
        limit,
    )
    .fetch_all(sql)
    .await?;
    let said = rows
        .into_iter()
        .map(|row| (row.number.cast_unsigned(), row.text));
    Ok(said.collect())
}
