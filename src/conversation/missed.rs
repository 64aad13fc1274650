//! What a node has not shown of a conversation, as events: for filling holes that the bus left.

use std::sync::Arc;

use proto::{Head, Heartbeat, push};
use sqlx::PgConnection;

use super::{
    Address, load,
    queries::resume::{self as queries, Due},
};
use crate::{app::App, error::Result, event::Event, id::ConversationId};

/// Messages, and changes, of one page at most.
const PAGE: u64 = 200;
/// Whoever is further behind than this is told the head and asks `resume`, at their own pace.
const WORTH_SHOWING: u64 = 1_000;

/// A page of what was missed.
#[derive(Debug, Default)]
pub struct Missed {
    /// New messages, then changes, each in order.
    pub events: Vec<Arc<Event>>,
    /// There is nothing else up to here.
    pub number: u64,
    /// Nor up to here.
    pub revision: u64,
    /// There is more after it.
    pub more: bool,
}

/// What comes after `number` and `revision`; a counter of which nothing was shown has missed nothing.
pub async fn missed(
    app: &App,
    conversation: ConversationId,
    (number, revision): (Option<u64>, Option<u64>),
) -> Result<Missed> {
    let mut sql = app.store.pool().acquire().await?;
    let Some((address, head)) = standing(&mut sql, conversation).await? else {
        return Ok(Missed::default());
    };
    let number = number.unwrap_or(head.number).min(head.number);
    let revision = revision.unwrap_or(head.revision).min(head.revision);
    if head.number - number > WORTH_SHOWING || head.revision - revision > WORTH_SHOWING {
        return Ok(only_the_head(address, head));
    }
    let mut missed = posted(&mut sql, address, &head, number).await?;
    let changed = changed(&mut sql, address, &head, revision).await?;
    missed.events.extend(changed.events);
    missed.revision = changed.revision;
    missed.more |= changed.more;
    Ok(missed)
}

async fn standing(sql: &mut PgConnection, id: ConversationId) -> Result<Option<(Address, Head)>> {
    let Some((address, number, revision)) = queries::standing(sql, id).await? else {
        return Ok(None);
    };
    let conversation_id = id.to_string();
    Ok(Some((
        address,
        Head {
            conversation_id,
            number,
            revision,
        },
    )))
}

fn only_the_head(address: Address, head: Head) -> Missed {
    let (number, revision) = (head.number, head.revision);
    let heads = push::Event::Heartbeat(Heartbeat { heads: vec![head] });
    Missed {
        events: vec![Event::passing(address.audiences(), heads)],
        number,
        revision,
        more: false,
    }
}

async fn posted(
    sql: &mut PgConnection,
    address: Address,
    head: &Head,
    after: u64,
) -> Result<Missed> {
    let id: ConversationId = head.conversation_id.parse()?;
    let last = head.number.min(after + PAGE);
    let messages = load::range(sql, id, after + 1, last).await?;
    let number = messages.last().map_or(after, |message| message.number);
    let show = |message| Event::posted(id, address.audiences_of(&message), message);
    Ok(Missed {
        events: messages.into_iter().map(show).collect(),
        number,
        more: number < head.number,
        ..Missed::default()
    })
}

async fn changed(
    sql: &mut PgConnection,
    address: Address,
    head: &Head,
    after: u64,
) -> Result<Missed> {
    if after >= head.revision {
        return Ok(Missed {
            revision: head.revision,
            ..Missed::default()
        });
    }
    let id: ConversationId = head.conversation_id.parse()?;
    let (until, number) = (head.revision, head.number);
    let due = Due {
        plan: 0,
        conversation: id,
        after,
        until,
        number,
        limit: PAGE,
    };
    let found = queries::changed(sql, &[due]).await?;
    let names: Vec<load::Name> = found
        .iter()
        .map(|(_, changed)| (id, changed.number))
        .collect();
    let messages = load::page(sql, &names).await?;
    let all = messages.len() == found.len() && (found.len() as u64) < PAGE;
    let revision = match messages.len().checked_sub(1).filter(|_| !all) {
        Some(last) => found[last].1.revision,
        None => head.revision,
    };
    Ok(Missed {
        events: messages
            .into_iter()
            .map(|message| Event::changed(id, address.audiences(), message))
            .collect(),
        revision,
        more: revision < head.revision,
        ..Missed::default()
    })
}
