//! Whether a customer wants a shop's campaigns: theirs to say, at any time.

use super::queries;
use crate::{
    actor::Customer,
    app::App,
    error::{Refusal, Result},
    id::ShopId,
};

/// From now on they want the shop's campaigns, or not. Refuses with `not_found` a shop that is none, or not the one whose site they came by.
pub async fn set(app: &App, customer: &Customer, shop: ShopId, wanted: bool) -> Result<()> {
    let Customer(actor) = customer;
    if actor.home.is_some_and(|home| home != shop) {
        return Err(Refusal::NotFound.into());
    }
    app.sends.take(actor.user)?;
    let mut tx = app.store.begin(shop).await?;
    let now = app.clock.now();
    if !queries::wish(&mut tx, actor.user, wanted, now).await? {
        return Err(Refusal::NotFound.into());
    }
    tx.commit().await
}
