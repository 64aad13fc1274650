//! The card of a red packet says how many shares were taken. Like that of a coupon gift it is drawn after they were, outside of what people wait for,
//! and not once for each of them.

use super::{RedPacket, card, queries};
use crate::{
    app::App,
    conversation::redraw,
    error::{Error, Result, Round},
    id::{RedPacketId, ShopId},
    store::Tx,
};

/// Cards that one round draws at most.
const ROUND: i64 = 200;

/// Draws the card anew, soon, and until it shows all that was taken.
pub(super) fn freshen_soon(app: &App, shop: ShopId, red_packet: &RedPacket) {
    let place = (
        red_packet.conversation_id,
        red_packet.card_number.cast_unsigned(),
    );
    let id = red_packet.id;
    redraw::keep_fresh(app, place, move |app| async move {
        freshen(&app, shop, id).await
    });
}

/// Cards whose node died before it had drawn them.
pub(super) async fn stale(app: &App) -> Result<()> {
    let mut round = Round::default();
    for (shop, red_packet) in queries::stale(app.store.pool(), ROUND).await? {
        round.note(freshen(app, shop, red_packet).await)?;
    }
    round.end()
}

/// Draws the card as the red packet is now, unless it shows that already. The conversation is held first: no older picture comes after.
async fn freshen(app: &App, shop: ShopId, id: RedPacketId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let conversation = queries::required(&mut tx, id).await?.conversation_id;
    redraw::hold(&mut tx, conversation).await?;
    if !queries::is_stale(&mut tx, id).await? {
        return Ok(());
    }
    let found = queries::required(&mut tx, id).await?;
    draw(app, &mut tx, &found).await?;
    tx.commit().await?;
    Ok(queries::drawn(app.store.pool(), shop, (id, found.taken)).await?)
}

/// Draws it inside a work. A card that was recalled stays so.
pub(super) async fn draw(app: &App, tx: &mut Tx, red_packet: &RedPacket) -> Result<()> {
    let drawn = card::draw(red_packet);
    let place = (
        red_packet.conversation_id,
        red_packet.card_number.cast_unsigned(),
    );
    match redraw::redraw(tx, app, place, &drawn).await {
        Ok(_) | Err(Error::Refused(_)) => Ok(()),
        Err(broken) => Err(broken),
    }
}
