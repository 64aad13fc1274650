//! Promotions as their staff see them.

use jiff::{Timestamp, civil::DateTime};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use super::super::{
    Promotion,
    terms::{FlashTerms, Terms},
};
use crate::{
    error::Result,
    id::{ProductId, PromotionId, UserId, VariantId},
    store::Tx,
};

/// A promotion as it lies there.
struct Row {
    id: PromotionId,
    name: String,
    terms: Json<Terms>,
    stacks_with_coupons: bool,
    starts_at: SqlTimestamp,
    ends_at: SqlTimestamp,
    stopped_at: Option<SqlTimestamp>,
    created_at: SqlTimestamp,
}

impl From<Row> for Promotion {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            terms: row.terms.0,
            stacks_with_coupons: row.stacks_with_coupons,
            starts_at: row.starts_at.to_jiff(),
            ends_at: row.ends_at.to_jiff(),
            stopped_at: row.stopped_at.map(SqlTimestamp::to_jiff),
            created_at: row.created_at.to_jiff(),
        }
    }
}

/// A new promotion; false if `most` of the shop are not over yet.
pub(in crate::promotion) async fn add(
    tx: &mut Tx,
    promotion: &Promotion,
    by: UserId,
    most: i64,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into promotions (id, shop_id, name, kind, terms, stacks_with_coupons, starts_at, ends_at, created_by, created_at)
        select $2, $1, $3, $4::jsonb ->> 'kind', $4, $5, $6, $7, $8, $9
        where (select count(*) from promotions where shop_id = $1 and ends_at > $9 and stopped_at is null) < $10
        ",
        shop.0,
        promotion.id.0,
        promotion.name,
        json!(promotion.terms),
        promotion.stacks_with_coupons,
        promotion.starts_at.to_sqlx() as _,
        promotion.ends_at.to_sqlx() as _,
        by.0,
        promotion.created_at.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// A promotion as it is to be.
pub(in crate::promotion) async fn save(tx: &mut Tx, promotion: &Promotion) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update promotions
        set name = $3, kind = $4::jsonb ->> 'kind', terms = $4, stacks_with_coupons = $5, starts_at = $6, ends_at = $7, stopped_at = $8
        where shop_id = $1 and id = $2
        ",
        shop.0,
        promotion.id.0,
        promotion.name,
        json!(promotion.terms),
        promotion.stacks_with_coupons,
        promotion.starts_at.to_sqlx() as _,
        promotion.ends_at.to_sqlx() as _,
        promotion.stopped_at.map(ToSqlx::to_sqlx) as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// For which products a flash discount is, and no others; `None`: it is none.
pub(in crate::promotion) async fn set_flash(
    tx: &mut Tx,
    promotion: PromotionId,
    flash: Option<&FlashTerms>,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "delete from flash_products where shop_id = $1 and promotion_id = $2",
        shop.0,
        promotion.0
    )
    .execute(tx.sql())
    .await?;
    let Some(flash) = flash else {
        return Ok(());
    };
    let products: Vec<Uuid> = flash.product_ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into flash_products (shop_id, promotion_id, off, product_id) select $1, $2, $3, unnest($4::uuid[])",
        shop.0,
        promotion.0,
        u32::from(flash.off).cast_signed(),
        &products,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A promotion of the shop.
pub(in crate::promotion) async fn promotion(
    tx: &mut Tx,
    promotion: PromotionId,
) -> Result<Option<Promotion>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        Row,
        r#"
        select id as "id: PromotionId", name, terms as "terms: Json<Terms>", stacks_with_coupons, starts_at as "starts_at: SqlTimestamp",
          ends_at as "ends_at: SqlTimestamp", stopped_at as "stopped_at: SqlTimestamp", created_at as "created_at: SqlTimestamp"
        from promotions
        where shop_id = $1 and id = $2
        "#,
        shop.0,
        promotion.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(Promotion::from))
}

/// The same, which nobody else changes until this work ends.
pub(in crate::promotion) async fn lock(tx: &mut Tx, id: PromotionId) -> Result<Option<Promotion>> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select from promotions where shop_id = $1 and id = $2 for no key update",
        shop.0,
        id.0
    )
    .fetch_optional(tx.sql())
    .await?;
    promotion(tx, id).await
}

/// A page of the shop's promotions, the newest first.
pub(in crate::promotion) async fn page(
    tx: &mut Tx,
    before: Option<PromotionId>,
    limit: i64,
) -> Result<Vec<Promotion>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: PromotionId", name, terms as "terms: Json<Terms>", stacks_with_coupons, starts_at as "starts_at: SqlTimestamp",
          ends_at as "ends_at: SqlTimestamp", stopped_at as "stopped_at: SqlTimestamp", created_at as "created_at: SqlTimestamp"
        from promotions
        where shop_id = $1 and ($2::uuid is null or id < $2)
        order by id desc
        limit $3
        "#,
        shop.0,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(Promotion::from).collect())
}

/// Does the shop have all these products and variants?
pub(in crate::promotion) async fn has(
    tx: &mut Tx,
    products: &[ProductId],
    variants: &[VariantId],
) -> Result<bool> {
    let shop = tx.shop()?;
    let all = sqlx::query_scalar!(
        r#"
        select not exists (
          select from unnest($2::uuid[]) as w (id)
          where not exists (select from products p where p.shop_id = $1 and p.id = w.id)
        ) and not exists (
          select from unnest($3::uuid[]) as w (id)
          where not exists (select from variants v where v.shop_id = $1 and v.id = w.id)
        ) as "all!"
        "#,
        shop.0,
        &products.iter().map(|id| id.0).collect::<Vec<_>>(),
        &variants.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(all)
}

/// When the clock on the shop's wall shows this.
pub(in crate::promotion) async fn on_the_wall(tx: &mut Tx, at: DateTime) -> Result<Timestamp> {
    let shop = tx.shop()?;
    let at = sqlx::query_scalar!(
        r#"select $2::text::timestamp at time zone time_zone as "at!: SqlTimestamp" from shops where id = $1"#,
        shop.0,
        at.to_string(),
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(at.to_jiff())
}
