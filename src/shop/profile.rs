//! What a shop tells of itself (SHOP-01).

use serde::{Deserialize, Serialize};

use super::queries;
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{FileId, ShopId, UserId},
    media::exhibit::exhibit,
    rights, words,
};

/// A shop's profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// A logo, or a picture of the storefront.
    #[serde(default)]
    pub logo: Option<FileId>,
    /// At most 1,000 characters.
    #[serde(default)]
    pub introduction: String,
    /// When somebody answers, at most 200 characters.
    #[serde(default)]
    pub service_hours: String,
    /// At most 30 characters; null: none is told.
    #[serde(default)]
    pub phone: Option<String>,
    /// Who of the staff customers are led to; they may chat.
    pub service_account_id: Option<UserId>,
}

/// The profile of a shop. Refuses with `not_found` one that has told nothing of itself.
pub async fn show(app: &App, _: &Actor, shop: ShopId) -> Result<Profile> {
    let mut tx = app.store.begin(shop).await?;
    Ok(queries::profile(&mut tx).await?.ok_or(Refusal::NotFound)?)
}

/// Sets it (recorded). Refuses with `invalid_argument`, by field, what is too long, a picture that is none of one's own, and a service
/// account that is missing or belongs to nobody who may chat for the shop.
pub async fn set(app: &App, by: &Staff<ManageShop>, profile: Profile) -> Result<Profile> {
    words::text("introduction", &profile.introduction, 0..=1_000)?;
    words::text("service_hours", &profile.service_hours, 0..=200)?;
    if let Some(phone) = &profile.phone {
        words::line("phone", phone, 30)?;
    }
    let field = "service_account_id";
    let account = profile.service_account_id;
    let account = account.ok_or_else(|| refused_argument(field, "is missing"))?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::may_chat(&mut tx, account).await? {
        return Err(refused_argument(field, "may not chat for the shop"));
    }
    exhibit(&mut tx, by.actor.user, "logo", profile.logo.as_slice()).await?;
    let former = queries::profile(&mut tx).await?;
    queries::set_profile(&mut tx, &profile).await?;
    let deed = Deed::new(by.actor.user, "shop_profile.changed", by.shop)
        .before(serde_json::to_value(former).ok())
        .after(serde_json::to_value(&profile).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(profile)
}
