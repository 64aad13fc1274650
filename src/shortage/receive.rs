//! Goods come in, spoil, or are counted: whoever waits for them is served first (INV-05).

use super::serve;
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    error::Result,
    id::VariantId,
    rights,
    stock::{
        self, Level,
        adjust::{self, Change},
    },
};

/// Changes what is on hand, as [`adjust::write`] does; of what is more, waiting orders get theirs in the same work, before anybody can
/// buy it. Refuses as that does.
pub async fn receive(
    app: &App,
    by: &Staff<ManageProducts>,
    variant: VariantId,
    change: Change,
    note: &str,
) -> Result<Level> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let more = match change {
        Change::Received(units) => units,
        Change::Counted(units) => {
            units.saturating_sub(stock::level(&mut tx, variant).await?.on_hand)
        }
        Change::WrittenOff(_) => 0,
    };
    let served = serve::promise(app, &mut tx, variant, more).await?;
    let now = app.clock.now();
    adjust::write(&mut tx, by.actor.user, variant, change, note, now).await?;
    serve::hold_for(app, &mut tx, variant, &served).await?;
    let level = stock::level(&mut tx, variant).await?;
    tx.commit().await?;
    Ok(level)
}
