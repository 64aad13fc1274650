//! Links to a shop, one of its products or promotions, shared anywhere (SHOP-05). Whoever opens one is there in one step, and it is known by whom and
//! where it was shared.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::queries;
use crate::{
    actor::{Actor, SeeData, Staff},
    app::App,
    error::{Refusal, Result, refused_argument},
    id::{ProductId, PromotionId, ShopId, UserId, VisitId},
    store::page,
    words,
};

/// What is shared, and where.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// A product of the shop; null: the shop itself, or a promotion.
    #[serde(default)]
    pub product_id: Option<ProductId>,
    /// A promotion of the shop, whether it has begun or not (PRO-06); never beside a product.
    #[serde(default)]
    pub promotion_id: Option<PromotionId>,
    /// Where it is shared, 1 to 40 characters, e.g. `wechat_group`.
    pub channel: String,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Link {
    /// Its code: 11 letters, digits, `_` and `-`.
    pub code: String,
    /// Into which shop.
    pub shop_id: ShopId,
    /// To which product; null: to the shop itself, or to a promotion.
    pub product_id: Option<ProductId>,
    /// To which promotion; null: to the shop itself, or to a product.
    pub promotion_id: Option<PromotionId>,
    /// Where it was shared.
    pub channel: String,
    /// By whom.
    pub sharer_id: UserId,
}

/// One opening of a link.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Visit {
    /// Its id.
    pub id: VisitId,
    /// Which link.
    #[serde(flatten)]
    pub link: Link,
    /// Who came.
    pub visitor_id: UserId,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Visits, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Visits {
    /// The newest first.
    pub visits: Vec<Visit>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// Makes a link that is the actor's; the same one for the same target and channel. Refuses with `not_found` a shop, a product or a promotion that is
/// not to be seen there, with `invalid_argument`.
pub async fn share(app: &App, by: &Actor, shop: ShopId, new: &NewLink) -> Result<Link> {
    let channel = words::line("channel", &new.channel, 40)?;
    if new.product_id.is_some() && new.promotion_id.is_some() {
        return Err(refused_argument(
            "promotion_id",
            "is not given beside a product",
        ));
    }
    super::show(app, shop).await?;
    app.sends.take(by.user)?;
    let mut tx = app.store.begin(shop).await?;
    let link = Link {
        code: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 8]>()),
        shop_id: shop,
        product_id: new.product_id,
        promotion_id: new.promotion_id,
        channel: channel.to_owned(),
        sharer_id: by.user,
    };
    let code = queries::share(&mut tx, &link, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Link {
        code: code.ok_or(Refusal::NotFound)?,
        ..link
    })
}

/// Opens a link: gives where it leads, and records the visit. Refuses with `not_found`.
pub async fn open(app: &App, by: &Actor, code: &str) -> Result<Link> {
    let found = queries::link(app.store.pool(), code).await?;
    let link = found.filter(|link| by.home.is_none_or(|home| home == link.shop_id));
    let link = link.ok_or(Refusal::NotFound)?;
    app.sends.take(by.user)?;
    let mut tx = app.store.begin(link.shop_id).await?;
    queries::add_visit(&mut tx, &link, by.user, app.clock.now()).await?;
    tx.commit().await?;
    Ok(link)
}

/// Who came by which link. Refuses with `invalid_argument`.
pub async fn visits(app: &App, by: &Staff<SeeData>, cursor: &str, limit: u32) -> Result<Visits> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<VisitId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut visits = queries::visits(&mut tx, before, limit + 1).await?;
    let next_cursor = page::next(&mut visits, limit, |last| last.id);
    Ok(Visits {
        visits,
        next_cursor,
    })
}
