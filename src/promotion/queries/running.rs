//! Which promotions are running.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::types::Json;

use super::super::{Campaign, terms::Tiered};
use crate::{error::Result, id::PromotionId, store::Tx};

/// The tiered promotions of the shop that are running, the oldest first.
pub(in crate::promotion) async fn running(tx: &mut Tx, now: Timestamp) -> Result<Vec<Campaign>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id as "id: PromotionId", name, terms - 'kind' as "terms!: Json<Tiered>", stacks_with_coupons,
          ends_at as "ends_at: SqlTimestamp"
        from promotions
        where shop_id = $1 and kind = 'tiered' and starts_at <= $2 and ends_at > $2 and stopped_at is null
        order by id
        "#,
        shop.0,
        now.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await?;
    let campaigns = rows.into_iter().map(|row| Campaign {
        id: row.id,
        name: row.name,
        stacks_with_coupons: row.stacks_with_coupons,
        ends_at: row.ends_at.to_jiff(),
        terms: row.terms.0,
    });
    Ok(campaigns.collect())
}

/// One of these that is not running, with its name.
pub(in crate::promotion) async fn over(
    tx: &mut Tx,
    promotions: &[PromotionId],
    now: Timestamp,
) -> Result<Option<(PromotionId, String)>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select id as "id: PromotionId", name
        from promotions
        where shop_id = $1 and id = any ($2) and not (starts_at <= $3 and ends_at > $3 and stopped_at is null)
        order by id
        limit 1
        "#,
        shop.0,
        &promotions.iter().map(|id| id.0).collect::<Vec<_>>(),
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| (row.id, row.name)))
}
