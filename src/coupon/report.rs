//! What has become of a template's coupons, beside what they were issued for (CPN-20; decision 23 of the specification).

use serde::Serialize;

use super::{Template, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    error::{Refusal, Result},
    id::CouponTemplateId,
    money::{BasisPoints, Money},
};

/// A template with its results.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CouponReport)]
pub struct Report {
    /// What was issued, and why.
    pub template: Template,
    /// Coupons in wallets, whatever became of them.
    pub in_wallets: i64,
    /// Those whose order is paid.
    pub used: i64,
    /// Those that ended unused.
    pub expired: i64,
    /// What they took off, in minor units.
    pub deducted: Money,
    /// Claimed out of the quantity, in basis points; null: there is no quantity.
    pub claim_rate: Option<BasisPoints>,
    /// Used out of the claimed, in basis points.
    pub use_rate: BasisPoints,
    /// For `new_customers`: orders with one that were their customer's first.
    pub first_orders: i64,
    /// For `repeat_purchase`: the others.
    pub later_orders: i64,
    /// For `clear_stock`: units in all of these orders.
    pub units: i64,
}

/// The results so far. Refuses with `not_found`.
pub async fn report(
    app: &App,
    by: &Staff<ManageCampaigns>,
    template: CouponTemplateId,
) -> Result<Report> {
    let mut tx = app.store.begin(by.shop).await?;
    let found = queries::template(&mut tx, template).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    let counts = queries::results(&mut tx, template).await?;
    Ok(Report {
        claim_rate: found
            .limits
            .quantity
            .map(|quantity| share(counts.in_wallets, quantity)),
        use_rate: share(counts.used, counts.in_wallets),
        in_wallets: counts.in_wallets,
        used: counts.used,
        expired: counts.expired,
        deducted: Money::minor(counts.deducted),
        first_orders: counts.first_orders,
        later_orders: counts.used - counts.first_orders,
        units: counts.units,
        template: found,
    })
}

/// Rounded down; of nothing: nothing.
fn share(part: i64, whole: i64) -> BasisPoints {
    let points = part.max(0) * 10_000 / whole.max(1);
    u32::try_from(points)
        .ok()
        .and_then(|points| points.try_into().ok())
        .unwrap_or_default()
}
