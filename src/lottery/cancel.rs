//! Call a lottery off, with a reason that everybody sees. The seed is revealed all the same, so that nobody can say afterwards what would have
//! come of it without being checked.
//!
//! A draw whose list is closed can be called off as well, for its round of the beacon may never come. If the round has begun, whoever calls it off could
//! know who would win: the group, the card and the file say so, and the file has all that it takes to find out who that is.

use proto::{DrawDeed, DrawState};
use serde_json::json;

use super::{Draw, hold, picture, queries, words as said};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    conversation::redraw,
    error::{Refusal, Result},
    id::DrawId,
    rights, words,
};

/// Cancels a draw that is open, or closed and not drawn. Refuses with `draw_state`, `not_found`, `invalid_argument`.
pub async fn cancel(
    app: &App,
    by: &Staff<ManageCampaigns>,
    id: DrawId,
    reason: &str,
) -> Result<Draw> {
    let reason = words::line("reason", reason, 200)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let draw = queries::draw(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    if !matches!(draw.state, DrawState::Open | DrawState::Closed) {
        return Err(Refusal::DrawState.into());
    }
    redraw::hold(&mut tx, draw.conversation_id).await?;
    // Whoever had to wait for the group may know the round by now.
    let now = hold::to_the_millisecond(app.clock.now());
    let seed = hold::reveal(app, &draw)?;
    if !queries::cancel(&mut tx, id, (&seed, reason), hold::closing(now)).await? {
        return Err(Refusal::DrawState.into());
    }
    let draw = queries::required(&mut tx, id).await?;
    hold::say(app, &mut tx, &draw, said::cancelled(&draw)).await?;
    picture::draw(app, &mut tx, &draw).await?;
    hold::remember(&mut tx, &draw, DrawDeed::Cancel, now).await?;
    let deed = Deed::new(by.actor.user, "draw.cancelled", id).after(json!({ "reason": reason }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(draw)
}
