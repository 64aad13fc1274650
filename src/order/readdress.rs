//! Change who gets an order and where, until it has left (O24, ORD-15). The history keeps both addresses, sealed.

use proto::OrderDeed;
use serde_json::json;

use super::{
    Order, queries,
    recipient::Recipient,
    show::{self, Shown, Viewer},
    step::{self, By, Done},
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::Result,
    id::OrderId,
    store::Tx,
};

/// By the customer, until the shop has taken the order. Refuses with `order_state`, `invalid_argument`.
pub async fn by_customer(
    app: &App,
    customer: &Customer,
    order: OrderId,
    mut recipient: Recipient,
) -> Result<Shown> {
    recipient.check()?;
    let (mut tx, order) = step::of_customer(app, customer, order).await?;
    let order = apply(app, &mut tx, order, &recipient, &By::from(customer)).await?;
    tx.commit().await?;
    Ok(Shown::of(order, Some(recipient), Viewer::Customer))
}

/// By staff, until the last of it has left. Refuses with `order_state`, `invalid_argument`.
pub async fn by_staff(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    mut recipient: Recipient,
) -> Result<Shown> {
    recipient.check()?;
    let (mut tx, order) = step::of_staff(app, by, order).await?;
    let viewer = Viewer::of(&by.actor, by.shop);
    let recipient = viewer.means(recipient, &show::recipient(app, &mut tx, order.id).await?);
    let order = apply(app, &mut tx, order, &recipient, &By::from(by)).await?;
    tx.commit().await?;
    Ok(Shown::of(order, Some(recipient), viewer))
}

/// Writes it down, with both addresses.
pub(super) async fn apply(
    app: &App,
    tx: &mut Tx,
    mut order: Order,
    recipient: &Recipient,
    by: &By,
) -> Result<Order> {
    order.require(OrderDeed::Readdress, by.party)?;
    let before = queries::recipient(tx, order.id).await?;
    let (sealed, index) = recipient.seal(&app.vault, order.id);
    queries::set_recipient(tx, order.id, &sealed, index.as_deref()).await?;
    let was = order.state;
    let done = Done::new(by, OrderDeed::Readdress).changed(
        json!({ show::SEALED: before }),
        json!({ show::SEALED: sealed }),
    );
    step::write(
        app,
        tx,
        &mut order,
        was,
        done,
        &["收货信息已修改".to_owned()],
    )
    .await?;
    Ok(order)
}
