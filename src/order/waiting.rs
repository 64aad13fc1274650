//! How many orders wait to be accepted, pushed to staff as it changes (ALRT-05). Counted where the fact is read, after its commit.

use std::collections::BTreeSet;

use proto::OrderState;

use super::queries;
use crate::{
    alert::counts::{Pending, show_pending},
    app::App,
    error::Result,
    fact::{Fact, Remembered},
    id::ShopId,
    store::Tx,
};

/// Shows the number anew in every shop in which one of these facts has changed it.
pub async fn show(_: &App, tx: &mut Tx, facts: &[Remembered]) -> Result<()> {
    let shops: BTreeSet<ShopId> = facts.iter().filter_map(changed).collect();
    if shops.is_empty() {
        return Ok(());
    }
    let shops: Vec<ShopId> = shops.into_iter().collect();
    for (shop, orders) in queries::waiting_in(tx, &shops).await? {
        let orders = u32::try_from(orders).unwrap_or(u32::MAX);
        show_pending(tx, shop, Pending { orders, cases: 0 });
    }
    Ok(())
}

fn changed(fact: &Remembered) -> Option<ShopId> {
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
