//! Divide orders among staff: each is looked after by one person, and none is missed (STAFF-07).

use super::{
    queries,
    show::{Shown, Viewer},
    step,
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::OrderId,
};

/// Takes an order out of the shared queue. Claiming one's own again changes nothing. Refuses with `claimed` what a colleague has.
pub async fn claim(app: &App, by: &Staff<ManageOrders>, order: OrderId) -> Result<Shown> {
    let (mut tx, _) = step::of_staff(app, by, order).await?;
    let owner = queries::claim(&mut tx, order, by.actor.user).await?;
    if owner.ok_or(Refusal::NotFound)? != by.actor.user {
        return Err(Refusal::Claimed.into());
    }
    settle(app, tx, by, order, "order.claimed").await
}

/// Gives it back to the shared queue, whoever has it.
pub async fn let_go(app: &App, by: &Staff<ManageOrders>, order: OrderId) -> Result<Shown> {
    let (mut tx, mut held) = step::of_staff(app, by, order).await?;
    held.owner_id = None;
    queries::save(&mut tx, &held).await?;
    settle(app, tx, by, order, "order.let_go").await
}

/// Records it and draws the card anew, on which colleagues see whose it is.
async fn settle(
    app: &App,
    mut tx: crate::store::Tx,
    by: &Staff<ManageOrders>,
    order: OrderId,
    action: &'static str,
) -> Result<Shown> {
    let order = step::hold(&mut tx, order).await?;
    step::redraw(app, &mut tx, &order).await?;
    audit::record(
        &mut tx,
        Deed::new(by.actor.user, action, order.id),
        app.clock.now(),
    )
    .await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}
