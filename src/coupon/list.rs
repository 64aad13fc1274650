//! What a shop issues: for its staff, and for customers, who claim there (CPN-05).

use serde::Serialize;

use super::{Template, queries};
use crate::{
    actor::{Actor, Customer, ManageCampaigns, Staff},
    app::App,
    error::{Refusal, Result},
    id::{CouponTemplateId, ShopId},
    store::page,
};

/// Templates, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CouponTemplatePage)]
pub struct TemplatePage {
    /// The newest first.
    pub templates: Vec<Template>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// Something that can be claimed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CouponOffer)]
pub struct Offer {
    /// What it is.
    #[serde(flatten)]
    pub template: Template,
    /// How many more there are; null: as many as are claimed.
    pub left: Option<i64>,
}

/// What can be claimed, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OfferPage {
    /// The newest first.
    pub offers: Vec<Offer>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// All of the shop's templates. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn all(
    app: &App,
    by: &Staff<ManageCampaigns>,
    cursor: &str,
    limit: u32,
) -> Result<TemplatePage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<CouponTemplateId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut templates = queries::templates(&mut tx, before, limit + 1).await?;
    let next_cursor = page::next(&mut templates, limit, |last| last.id);
    Ok(TemplatePage {
        templates,
        next_cursor,
    })
}

/// What a customer can claim there now, by its terms; whether they themselves may is said when they do. What is on trial is shown to its
/// testers, and what is for listed customers to these. Refuses a bad cursor or limit with `invalid_argument`, and with `not_found`.
pub async fn offers(
    app: &App,
    customer: &Customer,
    shop: ShopId,
    cursor: &str,
    limit: u32,
) -> Result<OfferPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<CouponTemplateId> = page::after(cursor)?;
    require_at_home(&customer.0, shop)?;
    let mut tx = app.store.begin(shop).await?;
    let (who, now) = (customer.0.user, app.clock.now());
    let mut templates = queries::offers(&mut tx, (who, now), before, limit + 1).await?;
    let next_cursor = page::next(&mut templates, limit, |last| last.id);
    let offer = |template: Template| Offer {
        left: template.left(),
        template,
    };
    Ok(OfferPage {
        offers: templates.into_iter().map(offer).collect(),
        next_cursor,
    })
}

/// Refuses with `not_found` who was logged in by another shop's own site.
pub(super) fn require_at_home(actor: &Actor, shop: ShopId) -> Result<()> {
    if actor.home.is_some_and(|home| home != shop) {
        return Err(Refusal::NotFound.into());
    }
    Ok(())
}
