//! The card of a gift says how many are left. It is drawn after the claim has committed, outside of what claims wait for; and so that five
//! hundred claims are not five hundred pictures, one hand on each node draws, at most ten times a second.

use super::{Gift, card, queries};
use crate::{
    app::App,
    conversation::redraw,
    error::{Error, Result},
    id::{GiftId, ShopId},
};

/// Cards that one round draws at most.
const ROUND: i64 = 200;

/// Draws the card anew, soon, and until it shows all that was claimed.
pub(super) fn freshen_soon(app: &App, shop: ShopId, gift: &Gift) {
    let (card, gift) = (
        (gift.conversation_id, gift.card_number.cast_unsigned()),
        gift.id,
    );
    redraw::keep_fresh(app, card, move |app| async move {
        freshen(&app, shop, gift).await
    });
}

/// Cards whose node died before it had drawn them.
pub(super) async fn stale(app: &App) -> Result<()> {
    for (shop, gift) in queries::stale_gifts(app.store.pool(), ROUND).await? {
        freshen(app, shop, gift).await?;
    }
    Ok(())
}

/// Draws the card as the gift is now, unless it shows that already. The conversation is held first: no older picture comes after.
async fn freshen(app: &App, shop: ShopId, gift: GiftId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let Some(gift) = queries::gift(&mut tx, gift).await? else {
        return Ok(());
    };
    redraw::hold(&mut tx, gift.conversation_id).await?;
    let Some(claimed) = queries::not_drawn(&mut tx, gift.id).await? else {
        return Ok(());
    };
    draw(
        app,
        &mut tx,
        &Gift {
            claimed,
            ..gift.clone()
        },
    )
    .await?;
    tx.commit().await?;
    Ok(queries::drawn(app.store.pool(), shop, (gift.id, claimed)).await?)
}

/// Draws it inside a work. A card that was recalled stays so.
pub(super) async fn draw(app: &App, tx: &mut crate::store::Tx, gift: &Gift) -> Result<()> {
    let Some(template) = queries::template(tx, gift.template_id).await? else {
        return Ok(());
    };
    let currency = queries::currency(tx).await?;
    let drawn = card::draw(&template, gift, &currency, app.clock.now());
    let place = (gift.conversation_id, gift.card_number.cast_unsigned());
    match redraw::redraw(tx, app, place, &drawn).await {
        Ok(_) | Err(Error::Refused(_)) => Ok(()),
        Err(broken) => Err(broken),
    }
}
