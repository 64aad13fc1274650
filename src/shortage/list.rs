//! What is short of an order.

use super::{Shortage, queries};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::Result,
    id::OrderId,
    order::show,
};

/// For staff, with the reasons, the oldest first. Refuses with `not_found`.
pub async fn to_staff(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
) -> Result<Vec<Shortage>> {
    show::to_staff(app, by, order).await?;
    let mut tx = app.store.begin(by.shop).await?;
    queries::of_order(&mut tx, order).await
}

/// For the customer whose order it is. Refuses with `not_found`.
pub async fn to_customer(app: &App, customer: &Customer, order: OrderId) -> Result<Vec<Shortage>> {
    let shop = show::to_customer(app, customer, order).await?.order.shop_id;
    let mut tx = app.store.begin(shop).await?;
    let shortages = queries::of_order(&mut tx, order).await?;
    Ok(shortages.into_iter().map(Shortage::for_customer).collect())
}
