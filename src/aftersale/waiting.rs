//! How many orders and cases wait for a shop's staff, pushed to them as it changes (ALRT-05). Counted where the fact is read, after its
//! commit.

use std::collections::{BTreeMap, BTreeSet};

use proto::CaseState;

use super::queries;
use crate::{
    alert::counts::{Pending, show_pending},
    error::Result,
    fact::{Fact, Remembered},
    id::ShopId,
    order,
    store::Tx,
};

/// Shows the numbers anew in every shop in which one of these facts has changed them. Readers of facts count one after the other in a shop:
/// what the first has counted is not shown after what the second has.
pub async fn show(tx: &mut Tx, facts: &[Remembered]) -> Result<()> {
    let shops: BTreeSet<ShopId> = facts
        .iter()
        .filter_map(|fact| order::waiting::changed(fact).or_else(|| changed(fact)))
        .collect();
    if shops.is_empty() {
        return Ok(());
    }
    let shops: Vec<ShopId> = shops.into_iter().collect();
    queries::count_in_turn(tx, &shops).await?;
    let mut waiting: BTreeMap<ShopId, Pending> = BTreeMap::new();
    for (shop, orders) in order::waiting::count(tx, &shops).await? {
        waiting.entry(shop).or_default().orders = orders;
    }
    for (shop, cases) in queries::pending_in(tx, &shops).await? {
        waiting.entry(shop).or_default().cases = u32::try_from(cases).unwrap_or(u32::MAX);
    }
    for (shop, pending) in waiting {
        show_pending(tx, shop, pending);
    }
    Ok(())
}

fn changed(fact: &Remembered) -> Option<ShopId> {
    let Fact::CaseMoved {
        state_before,
        state,
        ..
    } = &fact.fact
    else {
        return None;
    };
    let waits = CaseState::PendingReview;
    let moved = (*state == waits) != (*state_before == Some(waits));
    fact.shop.filter(|_| moved)
}
