//! Page through what was said.

use proto::{ListMessages, MessagePage};
use sqlx::PgConnection;

use super::{
    Seat, load, queries,
    seat::{conversation_id, seat},
};
use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
    store::page,
};

/// A page of history: newest first below `before`, or oldest first above `after`; only what the actor may see. A page
/// of long messages is shorter than asked, with `more` set.
///
/// Refuses with `not_found` whoever has no seat in the conversation, with `invalid_argument` what is malformed.
pub async fn history(app: &App, actor: &Actor, request: ListMessages) -> Result<MessagePage> {
    let limit = usize::try_from(page::limit(request.limit, 50, 200)?).unwrap_or(200);
    if request.before > 0 && request.after.is_some() {
        return Err(refused_argument("before", "stands alone, without `after`"));
    }
    let conversation = conversation_id(&request.conversation_id)?;
    let mut sql = app.store.pool().acquire().await?;
    let seat = seat(&mut sql, actor, conversation).await?;
    let found = numbers(&mut sql, &seat, &request, limit + 1).await?;
    let names: Vec<load::Name> = found
        .iter()
        .take(limit)
        .map(|number| (conversation, *number))
        .collect();
    let messages = load::page(&mut sql, &names).await?;
    let more = messages.len() < found.len();
    Ok(MessagePage { messages, more })
}

/// Which messages come next. The log is dense: only pinned ones have to be looked for.
async fn numbers(
    sql: &mut PgConnection,
    seat: &Seat,
    request: &ListMessages,
    limit: usize,
) -> Result<Vec<u64>> {
    match (request.pinned_only, request.after) {
        (false, None) => Ok(seat.below(request.before, limit)),
        (false, Some(after)) => Ok(seat.above(after, limit)),
        (true, None) => {
            let end = request.before.checked_sub(1).unwrap_or(u64::MAX);
            let pinned = queries::list::pinned(sql, seat, 1, end, limit, true).await?;
            Ok(pinned)
        }
        (true, Some(after)) => {
            let first = after.saturating_add(1);
            Ok(queries::list::pinned(sql, seat, first, u64::MAX, limit, false).await?)
        }
    }
}
