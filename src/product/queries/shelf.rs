//! Products as they are shown and sold at a moment.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::types::Json;
use uuid::Uuid;

use super::super::{Product, Shelved, Tier, list::Wanted};
use crate::{
    error::Result,
    id::{FileId, ProductId, PromotionId},
    money::{BasisPoints, Money},
    promotion::{Campaign, FlashFound},
    store::Tx,
};

/// A product as it lies there, with the flash discount that counts for it.
struct Row {
    id: ProductId,
    title: String,
    category: Vec<String>,
    description: String,
    pictures: Vec<Uuid>,
    illustrations: Vec<Uuid>,
    list_price: Money,
    price: Money,
    labels: Vec<String>,
    tiers: Json<Vec<Tier>>,
    options: Vec<String>,
    listed: bool,
    flash: Option<PromotionId>,
    flash_name: Option<String>,
    flash_off: Option<i32>,
    flash_ends_at: Option<SqlTimestamp>,
    flash_stacks: Option<bool>,
}

impl Row {
    fn flash(&self) -> Result<Option<FlashFound>> {
        let (Some(promotion_id), Some(name), Some(off), Some(ends_at), Some(stacks_with_coupons)) = (
            self.flash,
            self.flash_name.clone(),
            self.flash_off,
            self.flash_ends_at,
            self.flash_stacks,
        ) else {
            return Ok(None);
        };
        Ok(Some(FlashFound {
            promotion_id,
            name,
            off: BasisPoints::try_from(off.unsigned_abs())?,
            ends_at: ends_at.to_jiff(),
            stacks_with_coupons,
        }))
    }

    fn shelved(self, now: Timestamp) -> Result<Shelved> {
        let flash = self.flash()?.map(|flash| flash.on(self.price, now));
        let product = Product {
            id: self.id,
            title: self.title,
            category: self.category,
            description: self.description,
            pictures: self.pictures.into_iter().map(FileId).collect(),
            illustrations: self.illustrations.into_iter().map(FileId).collect(),
            list_price: self.list_price,
            price: self.price,
            labels: self.labels,
            tiers: self.tiers.0,
            options: self.options,
            listed: self.listed,
        };
        Ok(Shelved { product, flash })
    }
}

/// Products by their ids, in no order, as they are sold at a moment.
pub(in crate::product) async fn shelved(
    tx: &mut Tx,
    products: &[ProductId],
    now: Timestamp,
) -> Result<Vec<Shelved>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: ProductId", title, category, description, pictures, illustrations, list_price as "list_price: Money",
          price as "price: Money", labels, tiers as "tiers: Json<Vec<Tier>>", options, listed,
          flash as "flash?: PromotionId", flash_name as "flash_name?", flash_off as "flash_off?", flash_ends_at as "flash_ends_at?: SqlTimestamp",
          flash_stacks as "flash_stacks?"
        from products
        left join lateral flash_at($1, id, $3) on true
        where shop_id = $1 and id = any ($2)
        "#,
        shop.0,
        &products.iter().map(|product| product.0).collect::<Vec<_>>(),
        now.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await?;
    rows.into_iter().map(|row| row.shelved(now)).collect()
}

/// A page of the catalogue, the newest first.
pub(in crate::product) async fn page(
    tx: &mut Tx,
    wanted: &Wanted,
    before: Option<ProductId>,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Shelved>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: ProductId", title, category, description, pictures, illustrations, list_price as "list_price: Money",
          price as "price: Money", labels, tiers as "tiers: Json<Vec<Tier>>", options, listed,
          flash as "flash?: PromotionId", flash_name as "flash_name?", flash_off as "flash_off?", flash_ends_at as "flash_ends_at?: SqlTimestamp",
          flash_stacks as "flash_stacks?"
        from products
        left join lateral flash_at($1, id, $7) on true
        where shop_id = $1 and (listed or $2) and ($3 = '' or labels @> array[$3])
          and category[1:cardinality($4::text[])] = $4 and ($5::uuid is null or id < $5)
        order by id desc
        limit $6
        "#,
        shop.0,
        wanted.unlisted,
        wanted.label,
        &wanted.category,
        before.map(|before| before.0),
        limit,
        now.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await?;
    rows.into_iter().map(|row| row.shelved(now)).collect()
}

/// What the shop's amounts are in, and which of its tiered promotions are running, the oldest first.
pub(in crate::product) async fn currency_and_campaigns(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<(String, Vec<Campaign>)> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select s.currency,
          (
            select jsonb_agg(to_jsonb(p) || jsonb_build_object('terms', p.terms - 'kind') order by p.id)
            from promotions p
            where p.shop_id = s.id and p.kind = 'tiered' and p.starts_at <= $2 and p.ends_at > $2 and p.stopped_at is null
          ) as "campaigns: Json<Vec<Campaign>>"
        from shops s
        where s.id = $1
        "#,
        shop.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map_or_else(Default::default, |row| {
        let campaigns = row.campaigns.map(|campaigns| campaigns.0);
        (row.currency, campaigns.unwrap_or_default())
    }))
}
