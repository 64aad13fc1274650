//! One promotion: for the shop's staff as it was laid down, for everybody else as a page (PRO-06).

use jiff::Timestamp;
use serde::Serialize;

use super::{Promotion, Stage, queries, terms::Terms};
use crate::{
    actor::{Actor, ManageCampaigns, Staff},
    app::App,
    error::{Refusal, Result},
    id::{PromotionId, ShopId},
};

/// What a link or a QR code of a promotion leads to.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PromotionLanding)]
pub struct Landing {
    /// Its id.
    pub promotion_id: PromotionId,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub stage: Stage,
    /// From then on.
    #[schema(value_type = String)]
    pub starts_at: Timestamp,
    /// Not then any more; when it was stopped, if it was.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
    /// What time it is here: what a countdown is counted from.
    #[schema(value_type = String)]
    pub server_time: Timestamp,
    /// What it does; null: it has not started, or has ended.
    pub terms: Option<Terms>,
}

/// A promotion of the shop. Refuses with `not_found`.
pub async fn show(
    app: &App,
    by: &Staff<ManageCampaigns>,
    promotion: PromotionId,
) -> Result<Promotion> {
    let mut tx = app.store.begin(by.shop).await?;
    let found = queries::promotion(&mut tx, promotion).await?;
    Ok(found.ok_or(Refusal::NotFound)?)
}

/// The page of a promotion. Refuses with `not_found`.
pub async fn landing(
    app: &App,
    actor: &Actor,
    shop: ShopId,
    promotion: PromotionId,
) -> Result<Landing> {
    if actor.home.is_some_and(|home| home != shop) {
        return Err(Refusal::NotFound.into());
    }
    let mut tx = app.store.begin(shop).await?;
    let found = queries::promotion(&mut tx, promotion).await?;
    Ok(found.ok_or(Refusal::NotFound)?.landing(app.clock.now()))
}

impl Promotion {
    fn landing(self, now: Timestamp) -> Landing {
        let stage = self.stage(now);
        Landing {
            promotion_id: self.id,
            name: self.name,
            stage,
            starts_at: self.starts_at,
            ends_at: self.stopped_at.unwrap_or(self.ends_at),
            server_time: now,
            terms: Some(self.terms).filter(|_| stage == Stage::Running),
        }
    }
}
