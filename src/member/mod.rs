//! A shop's members: customers to whom it gives something off everything (PROD-08).

pub mod grant;
mod queries;

use serde::{Deserialize, Serialize};

use crate::{
    actor::{Actor, ManageCampaigns, Staff},
    app::App,
    error::Result,
    id::{ShopId, UserId},
    money::BasisPoints,
    store::Tx,
};

/// What a customer is to a shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// Basis points off what is left after tiers and bundles; 0: no member.
    pub off: BasisPoints,
}

/// What one is to a shop oneself.
pub async fn mine(app: &App, actor: &Actor, shop: ShopId) -> Result<Membership> {
    let mut tx = app.store.begin(shop).await?;
    Ok(Membership {
        off: off(&mut tx, actor.user).await?,
    })
}

/// What a customer is to the shop.
pub async fn show(app: &App, by: &Staff<ManageCampaigns>, customer: UserId) -> Result<Membership> {
    let mut tx = app.store.begin(by.shop).await?;
    Ok(Membership {
        off: off(&mut tx, customer).await?,
    })
}

/// What the shop takes off for a customer, in the unit of work that asks what something costs.
pub(crate) async fn off(tx: &mut Tx, customer: UserId) -> Result<BasisPoints> {
    queries::off(tx, customer).await
}
