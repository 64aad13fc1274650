//! A shop's promotions, for its staff.

use serde::Serialize;

use super::{Promotion, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    error::Result,
    id::PromotionId,
    store::page,
};

/// Promotions, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PromotionPage {
    /// The newest first.
    pub promotions: Vec<Promotion>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// All of the shop's promotions. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn all(
    app: &App,
    by: &Staff<ManageCampaigns>,
    cursor: &str,
    limit: u32,
) -> Result<PromotionPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<PromotionId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut promotions = queries::page(&mut tx, before, limit + 1).await?;
    let next_cursor = page::next(&mut promotions, limit, |last| last.id);
    Ok(PromotionPage {
        promotions,
        next_cursor,
    })
}
