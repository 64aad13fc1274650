//! What an answer shows of the message that it answers. It is never kept: it is drawn from that message as it is now, so
//! that words which were edited or recalled live on in no quote.

use proto::{Message, Quote};
use sqlx::PgConnection;

use super::{load::Name, queries::refer};
use crate::error::Result;

/// Characters that are shown of a quoted message.
const EXCERPT: i32 = 200;

/// The quote as it is kept: which message, and nothing of what it says.
pub(super) fn kept(quote: &Quote) -> Quote {
    Quote {
        number: quote.number,
        ..Quote::default()
    }
}

/// Draws the quotes of these messages.
pub(super) async fn draw(sql: &mut PgConnection, messages: &mut [Message]) -> Result<()> {
    let mut names = vec![];
    let mut blank = vec![];
    for message in messages {
        if let Some(quote) = &mut message.quote {
            names.push((message.conversation_id.parse()?, quote.number));
            blank.push(quote);
        }
    }
    for (quote, drawn) in blank.into_iter().zip(as_they_are(sql, &names).await?) {
        *quote = drawn;
    }
    Ok(())
}

/// Quotes of the named messages, in this order.
pub(super) async fn as_they_are(
    sql: &mut PgConnection,
    names: &[Name],
) -> sqlx::Result<Vec<Quote>> {
    if names.is_empty() {
        return Ok(vec![]);
    }
    refer::excerpts(sql, names, EXCERPT).await
}
