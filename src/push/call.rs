//! Calls customers who are not on the line back to conversations in which something waits for them.

use std::time::Duration;

use uuid::Uuid;

use super::{
    NEWS,
    queries::{self, Moved},
};
use crate::{app::App, error::Result, id::ConversationId};

/// Conversations that are looked at in one go.
const PAGE: i64 = 500;
/// Browsers that one statement calls, and those besides which the last of their people have.
const ROUND: i64 = 500;
/// No transaction takes longer between writing a time down and committing, and a conversation's may be two seconds old.
const SLACK: Duration = Duration::from_secs(10);

/// Queues one call for each browser and conversation in which somebody else said something since the customer read there last. Where one waits, or
/// was brought and not followed yet, there is no other. Whether they are on the line is seen when it is delivered.
///
/// Only conversations that moved since the last look that succeeded are read, whichever node it was, and nothing of the others, however many there are.
pub async fn customers(app: &App) -> Result<()> {
    let (sql, now) = (app.store.pool(), app.clock.now());
    let look = queries::look(sql, SLACK, NEWS).await?;
    let mut last = Some(Moved {
        id: ConversationId(Uuid::nil()),
        at: look.since,
    });
    while let Some(after) = last {
        let moved = queries::moved(sql, after, PAGE).await?;
        let ids: Vec<Uuid> = moved.iter().map(|one| one.id.0).collect();
        while queries::call(sql, &ids, (now, now - NEWS), ROUND).await? >= ROUND.unsigned_abs() {}
        last = moved.last().copied();
    }
    queries::looked(sql, look.begun).await
}
