//! Lists of orders: the shop's queue, and a customer's own.

use std::collections::HashMap;

use proto::{OrderState, PaymentStatus, json::Word as _};
use serde::Serialize;

use super::{
    Order, queries,
    recipient::{self, Recipient},
    show::{Shown, Viewer},
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::{Result, refused_argument},
    id::{OrderId, UserId},
    store::{Tx, page},
};

/// Which orders.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// One of the documents' labels (待发货 …) or a state; empty: all.
    pub status: String,
    /// By the recipient's phone number, whole; empty: all.
    pub phone: String,
    /// By number; empty: all.
    pub number: String,
    /// Only one's own.
    pub mine: bool,
    /// Only those that nobody looks after.
    pub unclaimed: bool,
    /// Only those that something is wrong with.
    pub abnormal: bool,
    /// Of this customer.
    pub customer: Option<UserId>,
}

/// Orders, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderPage {
    /// The newest first; those that wait for goods that are there again come before (INV-05).
    pub orders: Vec<Shown>,
    /// Empty on the last page.
    pub next_cursor: String,
    /// How many orders wait to be accepted (ALRT-05).
    pub waiting: i64,
}

/// The labels of the documents, the states they cover, and which payment.
const LABELS: &[(&str, &[OrderState], &[PaymentStatus])] = &[
    ("待付款", &[OrderState::PendingPayment], &[]),
    ("待接单", &[OrderState::PendingAcceptance], &[]),
    ("待确认", &[OrderState::PendingAcceptance], &[]),
    ("待处理", &[OrderState::PendingAcceptance], &[]),
    (
        "已付款",
        &[OrderState::PendingAcceptance],
        &[PaymentStatus::Paid],
    ),
    ("待分配", &[OrderState::PendingAllocation], &[]),
    (
        "待发货",
        &[
            OrderState::Accepted,
            OrderState::Preparing,
            OrderState::PartiallyShipped,
        ],
        &[],
    ),
    ("备货中", &[OrderState::Preparing], &[]),
    ("待提货", &[OrderState::ReadyForPickup], &[]),
    ("已发货", &[OrderState::Shipped, OrderState::InTransit], &[]),
    ("运输中", &[OrderState::InTransit], &[]),
    ("进行中", &[OrderState::InProgress], &[]),
    ("已完成", &[OrderState::Completed], &[]),
    ("已取消", &[OrderState::Cancelled], &[]),
];

/// What a label or a state's own word covers. Refuses another word with `invalid_argument`.
fn covered(status: &str) -> Result<(Vec<String>, Vec<String>)> {
    if status.is_empty() {
        return Ok((vec![], vec![]));
    }
    if let Some((_, covered, paid)) = LABELS.iter().find(|label| label.0 == status) {
        let covered = covered.iter().map(|state| state.word());
        let paid = paid.iter().map(|payment| payment.word());
        return Ok((covered.collect(), paid.collect()));
    }
    match OrderState::from_word(status) {
        Some(state) if state != OrderState::Unspecified => Ok((vec![state.word()], vec![])),
        _ => Err(refused_argument(
            "status",
            "is no state and no label of orders",
        )),
    }
}

/// A page of the shop's orders (ORD-09). Refuses with `invalid_argument`.
pub async fn of_shop(
    app: &App,
    by: &Staff<ManageOrders>,
    wanted: &Wanted,
    cursor: &str,
    limit: u32,
) -> Result<OrderPage> {
    let limit = page::limit(limit, 30, 100)?;
    let after: Option<Place> = page::after(cursor)?;
    let (states, payments) = covered(&wanted.status)?;
    let phones = match &wanted.phone[..] {
        "" => None,
        phone => Some(recipient::phone_indexes(&app.vault, phone)),
    };
    let mut tx = app.store.begin(by.shop).await?;
    let filter = queries::Filter {
        states: &states,
        payments: &payments,
        phones: phones.as_deref(),
        number: &wanted.number,
        owner: wanted.mine.then_some(by.actor.user),
        unclaimed: wanted.unclaimed,
        abnormal: wanted.abnormal,
        customer: wanted.customer,
    };
    let mut places = queue(&mut tx, &filter, after, limit + 1).await?;
    let next_cursor = page::next(&mut places, limit, |last| *last);
    let ids: Vec<OrderId> = places.into_iter().map(|(_, id)| id).collect();
    let orders = queries::orders(&mut tx, &ids).await?;
    let viewer = Viewer::of(&by.actor, by.shop);
    Ok(OrderPage {
        orders: shown(app, &mut tx, orders, viewer).await?,
        next_cursor,
        waiting: queries::waiting(&mut tx).await?,
    })
}

/// A place in the queue: whether the order is one of those that come first, and which.
type Place = (bool, OrderId);

/// Orders whose goods are there again come first, the oldest before the others; then the rest, the newest first (INV-05).
async fn queue(
    tx: &mut Tx,
    filter: &queries::Filter<'_>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Place>> {
    let mut places: Vec<Place> = vec![];
    if after.is_none_or(|(first, _)| first) {
        let first = queries::first_of_shop(tx, filter, after.map(|(_, id)| id), limit).await?;
        places.extend(first.into_iter().map(|id| (true, id)));
    }
    let room = limit - i64::try_from(places.len()).unwrap_or(limit);
    if room > 0 {
        let before = after.filter(|(first, _)| !first).map(|(_, id)| id);
        let rest = queries::page_of_shop(tx, filter, before, room).await?;
        places.extend(rest.into_iter().map(|id| (false, id)));
    }
    Ok(places)
}

/// A page of a customer's own orders, of all shops (ORD-26).
pub async fn of_customer(
    app: &App,
    customer: &Customer,
    cursor: &str,
    limit: u32,
) -> Result<OrderPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<OrderId> = page::after(cursor)?;
    let mut tx = app.store.begin_people().await?;
    let who = customer.0.user;
    let mut ids =
        queries::page_of_customer(&mut tx, who, customer.0.home, before, limit + 1).await?;
    let next_cursor = page::next(&mut ids, limit, |last| *last);
    let orders = queries::orders(&mut tx, &ids).await?;
    Ok(OrderPage {
        orders: shown(app, &mut tx, orders, Viewer::Customer).await?,
        next_cursor,
        waiting: 0,
    })
}

async fn shown(app: &App, tx: &mut Tx, orders: Vec<Order>, viewer: Viewer) -> Result<Vec<Shown>> {
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let mut sealed: HashMap<OrderId, String> = queries::recipients(tx, &ids).await?;
    let shown = orders.into_iter().map(|order| {
        let sealed = sealed.remove(&order.id);
        let recipient = sealed.map(|sealed| Recipient::unseal(&app.vault, order.id, &sealed));
        Ok(Shown::of(order, recipient.transpose()?, viewer))
    });
    shown.collect()
}
