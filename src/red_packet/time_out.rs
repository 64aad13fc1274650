//! What happens to red packets when a time has come, on whichever node: what nobody took goes back, cards catch up, what was kept for two years
//! goes.

use proto::{RedPacketDeed, RedPacketState};

use super::{closing, picture, queries, remember, reveal};
use crate::{
    app::App,
    conversation::redraw,
    error::{Result, Round},
    id::{RedPacketId, ShopId},
    payment::owed,
};

/// What one round takes at most.
const ROUND: i64 = 200;

/// Everything whose time has come.
pub async fn due(app: &App) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    let mut round = Round::default();
    for (shop, red_packet) in queries::due(pool, now, ROUND).await? {
        round.note(give_back(app, shop, red_packet).await)?;
    }
    round.note(picture::stale(app).await)?;
    queries::forget(pool, now, ROUND).await?;
    round.end()
}

/// Gives back what nobody took, if nobody else has: whoever takes the row out of `open` does it, and others find nothing to do.
async fn give_back(app: &App, shop: ShopId, id: RedPacketId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let Some(red_packet) = queries::red_packet(&mut tx, id).await? else {
        return Ok(());
    };
    if red_packet.state != RedPacketState::Open {
        return Ok(());
    }
    // No older picture is drawn after this one.
    redraw::hold(&mut tx, red_packet.conversation_id).await?;
    let (seed, now) = (reveal(app, &red_packet)?, app.clock.now());
    let Some(rest) = queries::close(&mut tx, id, &seed, closing(now)).await? else {
        return Ok(());
    };
    owed::give_back(&mut tx, id, rest, now).await?;
    let red_packet = queries::required(&mut tx, id).await?;
    picture::draw(app, &mut tx, &red_packet).await?;
    remember(&mut tx, &red_packet, RedPacketDeed::Return, now).await?;
    tx.commit().await
}
