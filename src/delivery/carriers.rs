//! Who a shop ships with (LOG-01).

use serde::{Deserialize, Serialize};

use super::queries;
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::ShopId,
    rights,
    store::Tx,
    words,
};

/// Carriers of one shop at most.
const MOST: usize = 50;

/// A carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    /// As the tracking service calls it, `a-z`, `0-9` and `_`, e.g. `shunfeng`.
    pub code: String,
    /// As people call it, 1 to 60 characters, e.g. 顺丰.
    pub name: String,
}

/// The carriers of a shop, by code.
pub async fn list(app: &App, _: &Actor, shop: ShopId) -> Result<Vec<Carrier>> {
    let mut tx = app.store.begin(shop).await?;
    queries::carriers(&mut tx).await
}

/// Adds a carrier, or gives one another name (recorded). Refuses with `invalid_argument`, and with `quota_exceeded` beyond 50.
pub async fn put(app: &App, by: &Staff<ManageShop>, carrier: Carrier) -> Result<Carrier> {
    let sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
    if !(1..=40).contains(&carrier.code.len()) || !carrier.code.chars().all(sign) {
        return Err(refused_argument("code", "has 1 to 40 of a-z, 0-9 and _"));
    }
    words::line("name", &carrier.name, 60)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::lock(&mut tx, by).await?;
    let there = queries::carriers(&mut tx).await?;
    if there.len() >= MOST && !there.iter().any(|one| one.code == carrier.code) {
        return Err(Refusal::QuotaExceeded.into());
    }
    queries::put_carrier(&mut tx, &carrier).await?;
    let deed = Deed::new(by.actor.user, "carrier.put", &carrier.code)
        .after(serde_json::to_value(&carrier).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(carrier)
}

/// Ships with it no more (recorded); packages that are under way stay as they are. Refuses with `not_found`.
pub async fn remove(app: &App, by: &Staff<ManageShop>, code: &str) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::remove_carrier(&mut tx, code).await? {
        return Err(Refusal::NotFound.into());
    }
    let deed = Deed::new(by.actor.user, "carrier.removed", code);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

/// Does the shop ship with this carrier?
pub async fn known(tx: &mut Tx, code: &str) -> Result<bool> {
    let carriers = queries::carriers(tx).await?;
    Ok(carriers.iter().any(|carrier| carrier.code == code))
}
