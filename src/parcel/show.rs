//! The packages of an order, each with where it is and how it came there.

use jiff::Timestamp;
use serde::Serialize;

use super::queries;
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::Result,
    id::{OrderId, PackageId, ShopId},
    order::{LineUnits, show},
    tracker::State,
};

/// A package and its trace.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TrackedPackage {
    /// Which.
    pub id: PackageId,
    /// The carrier's code, as the shop has given it or as it was put right.
    pub carrier: String,
    /// The carrier's number.
    pub tracking_number: String,
    /// What is in it.
    pub units: Vec<LineUnits>,
    /// When it left.
    #[schema(value_type = String)]
    pub shipped_at: Timestamp,
    /// When it is expected; null: not known yet.
    #[schema(value_type = Option<String>)]
    pub expected_at: Option<Timestamp>,
    /// Where it is, by the newest that was heard.
    pub state: State,
    /// Whether somebody tells where it is.
    pub followed: bool,
    /// The newest first.
    pub trace: Vec<TraceEvent>,
}

/// One thing that happened to a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TraceEvent {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The carrier's words.
    pub words: String,
    /// Where; often empty.
    pub place: String,
}

/// The packages of one's own order. Refuses with `not_found`.
pub async fn to_customer(
    app: &App,
    customer: &Customer,
    order: OrderId,
) -> Result<Vec<TrackedPackage>> {
    let shown = show::to_customer(app, customer, order).await?;
    of(app, shown.order.shop_id, order).await
}

/// The packages of an order of the shop. Refuses with `not_found`.
pub async fn to_staff(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
) -> Result<Vec<TrackedPackage>> {
    show::to_staff(app, by, order).await?;
    of(app, by.shop, order).await
}

async fn of(app: &App, shop: ShopId, order: OrderId) -> Result<Vec<TrackedPackage>> {
    let mut tx = app.store.begin(shop).await?;
    let mut packages = queries::packages(&mut tx, order).await?;
    let mut traces = queries::traces(&mut tx, order).await?;
    for package in &mut packages {
        package.trace = traces.remove(&package.id).unwrap_or_default();
    }
    Ok(packages)
}
