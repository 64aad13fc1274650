//! How many orders wait to be accepted, for those who show it as it changes (ALRT-05).

use proto::OrderState;

use super::queries;
use crate::{
    error::Result,
    fact::{Fact, Remembered},
    id::ShopId,
    store::Tx,
};

/// How many wait in each of these shops.
pub(crate) async fn count(tx: &mut Tx, shops: &[ShopId]) -> Result<Vec<(ShopId, u32)>> {
    let waiting = queries::waiting_in(tx, shops).await?.into_iter();
    let count = |(shop, orders)| (shop, u32::try_from(orders).unwrap_or(u32::MAX));
    Ok(waiting.map(count).collect())
}

/// The shop in which this fact has changed the number.
pub(crate) fn changed(fact: &Remembered) -> Option<ShopId> {
    let Fact::OrderMoved {
        state_before,
        state,
        ..
    } = &fact.fact
    else {
        return None;
    };
    let waits = OrderState::PendingAcceptance;
    let moved = (*state == waits) != (*state_before == Some(waits));
    fact.shop.filter(|_| moved)
}
