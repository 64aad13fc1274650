//! What becomes of prizes: delivered, or forfeited, and then the next substitute wins.

use proto::DrawDeed;
use serde_json::json;

use super::{Draw, hold, picture, queries, tell};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    conversation::redraw,
    error::{Refusal, Result},
    id::DrawId,
    rights,
    store::Tx,
    words,
};

/// A winner has the prize. Refuses with `draw_state` a place that has none to get, `not_found`.
pub async fn deliver(
    app: &App,
    by: &Staff<ManageCampaigns>,
    id: DrawId,
    place: i32,
) -> Result<Draw> {
    let now = app.clock.now();
    let (mut tx, _) = take(app, by, id).await?;
    if !queries::deliver(&mut tx, id, place, now).await? {
        return Err(Refusal::DrawState.into());
    }
    let deed = Deed::new(by.actor.user, "draw.prize_delivered", id);
    let deed = deed.after(json!({ "place": place }));
    finish(app, tx, (id, DrawDeed::Deliver), deed).await
}

/// A winner has not claimed the prize in the time that the rules give: the next substitute has it, and is told. Refuses with `draw_state` before that
/// time is over, and a place that has no prize to lose; `not_found`, `invalid_argument`.
pub async fn forfeit(
    app: &App,
    by: &Staff<ManageCampaigns>,
    id: DrawId,
    place: i32,
    reason: &str,
) -> Result<Draw> {
    let reason = words::line("reason", reason, 200)?;
    let now = app.clock.now();
    let (mut tx, draw) = take(app, by, id).await?;
    let days = jiff::SignedDuration::from_hours(24 * i64::from(draw.rules.claim.days));
    let prize = queries::forfeit(&mut tx, id, place, reason, (now, now - days)).await?;
    let prize = prize.ok_or(Refusal::DrawState)?;
    let next = queries::next_wins(&mut tx, id, prize).await?;
    let deed = Deed::new(by.actor.user, "draw.prize_forfeited", id);
    let deed = deed.after(json!({ "place": place, "reason": reason, "next": next }));
    let draw = finish(app, tx, (id, DrawDeed::Forfeit), deed).await?;
    tell::winners_of(app, by.shop, id).await?;
    Ok(draw)
}

/// The group first, then the draw: as whoever holds it does.
async fn take(app: &App, by: &Staff<ManageCampaigns>, id: DrawId) -> Result<(Tx, Draw)> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let found = queries::draw(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    redraw::hold(&mut tx, found.conversation_id).await?;
    let draw = queries::lock(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    Ok((tx, draw))
}

async fn finish(app: &App, mut tx: Tx, (id, done): (DrawId, DrawDeed), deed: Deed) -> Result<Draw> {
    let now = app.clock.now();
    queries::finish(&mut tx, id).await?;
    let draw = queries::required(&mut tx, id).await?;
    picture::draw(app, &mut tx, &draw).await?;
    hold::remember(&mut tx, &draw, done, now).await?;
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(draw)
}
