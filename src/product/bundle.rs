//! Bundles: products that cost less together than one by one (PROD-09).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{at_most, queries};
use crate::{
    actor::{Actor, ManageProducts, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{BundleId, ProductId, ShopId},
    money::Money,
    rights,
    store::Tx,
    words,
};

/// Bundles of one shop at most.
const MOST: i64 = 500;

/// Products that cost less together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Bundle {
    /// Its id.
    pub id: BundleId,
    /// 1 to 120 characters.
    pub title: String,
    /// At least two pieces.
    pub parts: Vec<Part>,
    /// How much less than the parts' prices of the moment, in minor units.
    pub saving: Money,
    /// Customers can buy it.
    pub listed: bool,
}

/// So many pieces of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Which.
    pub product_id: ProductId,
    /// 1 to 100.
    pub pieces: u32,
}

/// A bundle to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBundle {
    /// 1 to 120 characters.
    title: String,
    /// 1 to 10, with at least two pieces together.
    parts: Vec<Part>,
    /// In minor units; less than the parts cost.
    saving: Money,
    /// Customers can buy it at once.
    #[serde(default)]
    listed: bool,
}

/// Makes a bundle. Refuses with `invalid_argument` what is out of bounds or saves nothing, with `not_found` parts that the shop does
/// not have, with `quota_exceeded` beyond 500.
pub async fn create(app: &App, by: &Staff<ManageProducts>, new: NewBundle) -> Result<Bundle> {
    let bundle = Bundle {
        id: BundleId::new(),
        title: new.title,
        parts: new.parts,
        saving: new.saving,
        listed: new.listed,
    };
    bundle.check()?;
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    bundle.require_saving(&mut tx).await?;
    if !queries::add_bundle(&mut tx, &bundle, MOST, now).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    let deed = Deed::new(by.actor.user, "bundle.created", bundle.id).after(json!(bundle));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(bundle)
}

/// What is to be different; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BundleChange {
    /// 1 to 120 characters.
    title: Option<String>,
    /// 1 to 10, with at least two pieces together.
    parts: Option<Vec<Part>>,
    /// In minor units; less than the parts cost now.
    saving: Option<Money>,
    /// Customers can buy it, or cannot.
    listed: Option<bool>,
}

/// Changes a bundle, offers it, takes it off the shelf. Orders keep what they were placed with. Refuses as [`create`] does, and with `not_found`.
pub async fn change(
    app: &App,
    by: &Staff<ManageProducts>,
    bundle: BundleId,
    change: BundleChange,
) -> Result<Bundle> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let before = queries::lock_bundle(&mut tx, bundle).await?;
    let before = before.ok_or(Refusal::NotFound)?;
    let after = change.of(&before);
    if after == before {
        return Ok(after);
    }
    after.check()?;
    if (&after.parts, after.saving) != (&before.parts, before.saving) {
        after.require_saving(&mut tx).await?;
    }
    queries::save_bundle(&mut tx, &after).await?;
    let deed = Deed::new(by.actor.user, action(&before, &after), bundle)
        .before(json!(before))
        .after(json!(after));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(after)
}

fn action(before: &Bundle, after: &Bundle) -> &'static str {
    match (before.listed, after.listed) {
        (false, true) => "bundle.listed",
        (true, false) => "bundle.delisted",
        _ => "bundle.changed",
    }
}

impl BundleChange {
    fn of(self, before: &Bundle) -> Bundle {
        let before = before.clone();
        Bundle {
            id: before.id,
            title: self.title.unwrap_or(before.title),
            parts: self.parts.unwrap_or(before.parts),
            saving: self.saving.unwrap_or(before.saving),
            listed: self.listed.unwrap_or(before.listed),
        }
    }
}

/// A shop's bundles, the newest first; those that are not listed only for who may manage products.
pub async fn list(app: &App, actor: &Actor, shop: ShopId) -> Result<Vec<Bundle>> {
    let all = actor.may(proto::Permission::ManageProducts, shop);
    let mut tx = app.store.begin(shop).await?;
    queries::all_bundles(&mut tx, all).await
}

impl Bundle {
    /// Refuses with `invalid_argument` what saves nothing or all, with `not_found` parts that the shop does not have.
    async fn require_saving(&self, tx: &mut Tx) -> Result<()> {
        let singly = singly(tx, &self.parts).await?;
        if (Money::minor(1)..singly).contains(&self.saving) {
            return Ok(());
        }
        Err(refused_argument(
            "saving",
            "is above 0 and less than the parts cost",
        ))
    }

    fn check(&self) -> Result<()> {
        words::line("title", &self.title, 120)?;
        at_most("parts", self.parts.len(), 10)?;
        let pieces = self.parts.iter().map(|part| part.pieces);
        let sensible =
            pieces.clone().all(|pieces| (1..=100).contains(&pieces)) && pieces.sum::<u32>() >= 2;
        if sensible {
            Ok(())
        } else {
            Err(refused_argument(
                "parts",
                "have 1 to 100 pieces, together at least 2",
            ))
        }
    }
}

/// What parts cost one by one. Refuses with `not_found`.
async fn singly(tx: &mut Tx, parts: &[Part]) -> Result<Money> {
    let ids: Vec<_> = parts.iter().map(|part| part.product_id).collect();
    let products = queries::products(tx, &ids).await?;
    let mut sum = Money::ZERO;
    for part in parts {
        let product = products
            .iter()
            .find(|product| product.id == part.product_id);
        let price = product.ok_or(Refusal::NotFound)?.price;
        sum = sum.plus(price.times(part.pieces)?)?;
    }
    Ok(sum)
}
