//! The card of a lottery says how many take part. Like that of a coupon gift it is drawn after they have entered, outside of what they wait
//! for, and not once for each of them.

use proto::Card;

use super::{Draw, card, queries};
use crate::{
    app::App,
    conversation::redraw,
    error::{Error, Result},
    id::{DrawId, ShopId},
    store::Tx,
};

/// Cards that one round draws at most.
const ROUND: i64 = 200;

/// Draws the card anew, soon, and until it shows all who take part.
pub(super) fn freshen_soon(app: &App, shop: ShopId, draw: &Draw) {
    let (place, draw) = (
        (draw.conversation_id, draw.card_number.cast_unsigned()),
        draw.id,
    );
    redraw::keep_fresh(app, place, move |app| async move {
        freshen(&app, shop, draw).await
    });
}

/// Cards whose node died before it had drawn them.
pub(super) async fn stale(app: &App) -> Result<()> {
    for (shop, draw) in queries::stale(app.store.pool(), ROUND).await? {
        freshen(app, shop, draw).await?;
    }
    Ok(())
}

/// Draws the card as the draw is now, unless it shows that already. The conversation is held first: no older picture comes after.
async fn freshen(app: &App, shop: ShopId, id: DrawId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let conversation = queries::required(&mut tx, id).await?.conversation_id;
    redraw::hold(&mut tx, conversation).await?;
    if !queries::is_stale(&mut tx, id).await? {
        return Ok(());
    }
    let found = queries::required(&mut tx, id).await?;
    draw(app, &mut tx, &found).await?;
    tx.commit().await?;
    Ok(queries::drawn(app.store.pool(), shop, (id, found.tickets)).await?)
}

/// The draw as it is now.
pub(super) async fn of(tx: &mut Tx, draw: &Draw) -> Result<Card> {
    let places = queries::places(tx, draw.id).await?;
    let thrown_in = queries::has_nonces(tx, draw.id).await?;
    Ok(card::draw(draw, &places, thrown_in))
}

/// Draws it inside a work. A card that was recalled stays so.
pub(super) async fn draw(app: &App, tx: &mut Tx, draw: &Draw) -> Result<()> {
    let drawn = of(tx, draw).await?;
    let place = (draw.conversation_id, draw.card_number.cast_unsigned());
    match redraw::redraw(tx, app, place, &drawn).await {
        Ok(_) | Err(Error::Refused(_)) => Ok(()),
        Err(broken) => Err(broken),
    }
}
