//! Parcels that do not arrive in time (LOG-09): the customer is told once, and they are on the shop's list until they arrive.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    hear::warn,
    queries::{self, Overdue},
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    error::{Result, Round},
    id::{ConversationId, OrderId, PackageId},
    order::on_the_way,
    store::page,
    tracker::State,
};

/// Parcels that one round tells of at most.
const ROUND: i64 = 200;

/// A parcel that should have arrived.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LateParcel {
    /// Which package.
    pub package_id: PackageId,
    /// Of which order.
    pub order_id: OrderId,
    /// The order's number.
    pub order_number: Option<String>,
    /// Where to talk with the customer.
    pub conversation_id: ConversationId,
    /// The carrier's code.
    pub carrier: String,
    /// The carrier's number.
    pub tracking_number: String,
    /// Where it is, as far as was heard.
    pub state: State,
    /// When it should have arrived.
    #[schema(value_type = String)]
    pub expected_at: Timestamp,
    /// When the customer was told.
    #[schema(value_type = Option<String>)]
    pub told_at: Option<Timestamp>,
}

/// Late parcels, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LateParcels {
    /// Those first that left first.
    pub parcels: Vec<LateParcel>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// The shop's late parcels: with whom the carrier has to be asked. Refuses with `invalid_argument`.
pub async fn list(
    app: &App,
    by: &Staff<ManageOrders>,
    cursor: &str,
    limit: u32,
) -> Result<LateParcels> {
    let limit = page::limit(limit, 30, 100)?;
    let after: Option<PackageId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut parcels = queries::late(&mut tx, app.clock.now(), after, limit + 1).await?;
    let next_cursor = page::next(&mut parcels, limit, |last| last.package_id);
    Ok(LateParcels {
        parcels,
        next_cursor,
    })
}

/// Tells the customers of all parcels that have become late, each in a work of its own.
pub async fn due(app: &App) -> Result<()> {
    let late = queries::to_be_told(app.store.pool(), app.clock.now(), ROUND).await?;
    let mut round = Round::default();
    for parcel in late {
        round.note(tell(app, &parcel).await)?;
    }
    round.end()
}

async fn tell(app: &App, parcel: &Overdue) -> Result<()> {
    let mut tx = app.store.begin(parcel.shop).await?;
    let order = on_the_way::hold(&mut tx, parcel.order).await?;
    let now = app.clock.now();
    if !queries::told_late(&mut tx, parcel.package, now).await? {
        return Ok(());
    }
    let number = &parcel.tracking_number;
    let words = format!("很抱歉,包裹({number})可能晚到,我们正在与快递公司核实");
    on_the_way::tell(app, &mut tx, &order, words).await?;
    let of = order.number.as_deref().unwrap_or_default();
    warn(&mut tx, &order, format!("物流延误:{of},包裹:{number}"), now).await?;
    tx.commit().await
}
