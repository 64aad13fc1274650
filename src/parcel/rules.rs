//! When a shop takes a parcel for late.

use serde::{Deserialize, Serialize};

use super::queries;
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Result, refused_argument},
    id::ShopId,
    rights,
};

/// A shop's rules on parcels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParcelRules {
    /// Days after shipment in which a parcel is expected, 1 to 60, unless its order says when. Parcels that have left stay as they are.
    pub late_after_days: i32,
}

impl Default for ParcelRules {
    fn default() -> Self {
        Self { late_after_days: 5 }
    }
}

/// The rules of a shop.
pub async fn show(app: &App, _: &Actor, shop: ShopId) -> Result<ParcelRules> {
    let mut tx = app.store.begin(shop).await?;
    queries::rules(&mut tx).await
}

/// Sets them (recorded). Refuses with `invalid_argument`.
pub async fn set(app: &App, by: &Staff<ManageShop>, rules: ParcelRules) -> Result<ParcelRules> {
    if !(1..=60).contains(&rules.late_after_days) {
        return Err(refused_argument("late_after_days", "is 1 to 60"));
    }
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::rules(&mut tx).await?;
    queries::set_rules(&mut tx, rules).await?;
    let deed = Deed::new(by.actor.user, "parcel_rules.changed", by.shop)
        .before(serde_json::to_value(former).ok())
        .after(serde_json::to_value(rules).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(rules)
}
