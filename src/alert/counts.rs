//! How much waits for a shop's staff (ALRT-05).

use proto::{Permission, WorkCounts, push};

use crate::{bus::Audience, event::Event, id::ShopId, store::Tx};

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Orders that nobody has accepted yet.
    pub orders: u32,
    /// Requests for after-sale service that nobody has decided yet.
    pub cases: u32,
}

/// Shows the shop's staff who manage orders how much waits, when the work commits.
///
/// Count after what changed the numbers has committed, e.g. where its fact is read: two units of work that commit side by side do not see
/// one another, and both would show too little.
pub fn show_pending(tx: &mut Tx, shop: ShopId, pending: Pending) {
    let counts = WorkCounts {
        shop_id: shop.to_string(),
        pending_orders: pending.orders,
        pending_cases: pending.cases,
    };
    let staff = vec![Audience::Staff(shop, Permission::ManageOrders)];
    tx.show(Event::passing(staff, push::Event::WorkCounts(counts)));
}
