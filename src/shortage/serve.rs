//! Goods that are there again are given to those who wait, the oldest order first (INV-05).

use std::collections::BTreeMap;

use proto::{AlertKind, Permission, ShortageState};

use super::{Shortage, queries, step};
use crate::{
    alert::{self, NewAlert},
    app::App,
    error::{Error, Refusal, Result},
    fact::{Fact, Remembered},
    id::{HolderId, OrderId, ShopId, VariantId},
    order::{LineUnits, Order, after_sale, short},
    stock::{self, Units, hold::hold},
    store::Tx,
};

/// Orders that one arrival serves at most; the next one goes on.
const AT_ONCE: i64 = 100;

/// Who is given how many.
pub(super) type Served = Vec<(HolderId, u32)>;

/// Hears of goods that can be sold again: what was cancelled or came back is for those who wait.
pub async fn hear(app: &App, facts: &[Remembered]) -> Result<()> {
    for fact in facts {
        if let (Some(shop), Fact::StockReturned { units, .. }) = (fact.shop, &fact.fact) {
            for units in units {
                returned(app, shop, *units).await?;
            }
        }
    }
    Ok(())
}

async fn returned(app: &App, shop: ShopId, units: Units) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let available = stock::level(&mut tx, units.variant_id).await?.available;
    let more = available.min(units.units.into());
    let served = promise(app, &mut tx, units.variant_id, more).await?;
    if served.is_empty() {
        return Ok(());
    }
    match hold_for(app, &mut tx, units.variant_id, &served).await {
        Ok(()) => tx.commit().await,
        // Somebody has bought it meanwhile; those who wait go on waiting.
        Err(Error::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Gives so many units to those who wait, in their orders, their cards and their histories, and tells staff who that is. Whoever calls
/// holds them ([`hold_for`]) at the end of the work: goods are locked last.
pub(super) async fn promise(
    app: &App,
    tx: &mut Tx,
    variant: VariantId,
    more: i64,
) -> Result<Served> {
    let oldest_first = match more {
        ..=0 => return Ok(vec![]),
        _ => queries::waiting(tx, variant, AT_ONCE).await?,
    };
    if oldest_first.is_empty() {
        return Ok(vec![]);
    }
    let mut orders = locked(tx, &oldest_first).await?;
    let shortages = queries::open_of(tx, variant, &oldest_first).await?;
    let mut shares = share(shortages, more);
    tell_staff(app, tx, &shares, &orders).await?;
    // Conversations are locked in the order of their ids, as everywhere.
    shares.sort_by_key(|(shortage, _)| {
        orders
            .get(&shortage.order_id)
            .map(|order| order.conversation_id)
    });
    let mut served = vec![];
    for (shortage, units) in shares {
        let order = orders
            .get_mut(&shortage.order_id)
            .ok_or(Refusal::NotFound)?;
        give(app, tx, order, shortage, units).await?;
        served.push((order.holder(), units));
    }
    Ok(served)
}

/// Holds what was promised. Refuses with `out_of_stock` if somebody was faster.
pub(super) async fn hold_for(
    app: &App,
    tx: &mut Tx,
    variant_id: VariantId,
    served: &Served,
) -> Result<()> {
    for (holder, units) in served {
        let units = [Units {
            variant_id,
            units: *units,
        }];
        hold(tx, *holder, &units, None, app.clock.now()).await?;
    }
    Ok(())
}

/// The orders, locked in the order of their ids.
async fn locked(tx: &mut Tx, orders: &[OrderId]) -> Result<BTreeMap<OrderId, Order>> {
    let mut ids = orders.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut locked = BTreeMap::new();
    for id in ids {
        locked.insert(id, after_sale::hold(tx, id).await?);
    }
    Ok(locked)
}

/// What each gets, the oldest order first.
fn share(shortages: Vec<Shortage>, mut more: i64) -> Vec<(Shortage, u32)> {
    let mut shares = vec![];
    for shortage in shortages {
        let wanted = shortage.left().units;
        let units = u32::try_from(more).map_or(wanted, |more| more.min(wanted));
        if units == 0 {
            break;
        }
        more -= i64::from(units);
        shares.push((shortage, units));
    }
    shares
}

async fn give(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    mut shortage: Shortage,
    units: u32,
) -> Result<()> {
    let part = LineUnits {
        line: shortage.line,
        units,
    };
    short::arrive(app, tx, order, shortage.id, part).await?;
    shortage.arrived += units;
    if shortage.left().units == 0 {
        shortage.state = ShortageState::Arrived;
    }
    step::write(app, tx, order, &shortage).await
}

/// Alerts staff once: what has come in, and whose orders wait for it, the oldest first.
async fn tell_staff(
    app: &App,
    tx: &mut Tx,
    shares: &[(Shortage, u32)],
    orders: &BTreeMap<OrderId, Order>,
) -> Result<()> {
    let waiting = shares.iter().filter_map(|(shortage, units)| {
        let order = orders.get(&shortage.order_id)?;
        Some((order, shortage, units))
    });
    let waiting: Vec<_> = waiting.collect();
    let Some((first, shortage, _)) = waiting.first() else {
        return Ok(());
    };
    let title = &shortage.title;
    let numbers = waiting.iter().map(|(order, _, units)| {
        format!("{}×{units}", order.number.as_deref().unwrap_or_default())
    });
    let numbers = numbers.collect::<Vec<_>>().join("、");
    let text = format!("到货提醒:{title},等待订单:{numbers}");
    let alert = NewAlert::new(AlertKind::GoodsArrived, Permission::ManageOrders, text);
    let alert = alert
        .in_conversation(first.conversation_id)
        .about_order(first.id);
    alert::raise(tx, alert, app.clock.now()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proto::ShortageReason;

    use super::*;
    use crate::id::{ShortageId, UserId};

    fn waiting(units: u32, arrived: u32) -> Shortage {
        Shortage {
            id: ShortageId::new(),
            order_id: OrderId::new(),
            line: 1,
            variant_id: VariantId::new(),
            title: String::new(),
            choice: vec![],
            units,
            arrived,
            reason: Some(ShortageReason::Oversold),
            remark: String::new(),
            offers: vec![],
            state: ShortageState::Waiting,
            card_number: 1,
            marked_by: UserId::new(),
            marked_at: Timestamp::UNIX_EPOCH,
            chosen: None,
            taken: None,
            chosen_by: None,
            chosen_at: None,
            case_id: None,
        }
    }

    /// INV-05: the oldest gets all it waits for before the next gets any, and never more than there is.
    #[test]
    fn the_oldest_is_served_first() {
        let given = |more| {
            let shares = share(vec![waiting(3, 1), waiting(2, 0), waiting(1, 0)], more);
            shares.iter().map(|(_, units)| *units).collect::<Vec<u32>>()
        };
        assert_eq!(given(1), [1]);
        assert_eq!(given(3), [2, 1]);
        assert_eq!(given(i64::MAX), [2, 2, 1]);
    }
}
