//! Bundles.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde_json::json;
use sqlx::types::Json;

use super::super::bundle::{Bundle, Part};
use crate::{error::Result, id::BundleId, money::Money, store::Tx};

/// A bundle as it lies there.
struct Row {
    id: BundleId,
    title: String,
    parts: Json<Vec<Part>>,
    saving: Money,
    listed: bool,
}

impl From<Row> for Bundle {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            title: row.title,
            parts: row.parts.0,
            saving: row.saving,
            listed: row.listed,
        }
    }
}

/// A new bundle; false if the shop has `most` already.
pub(in crate::product) async fn add_bundle(
    tx: &mut Tx,
    bundle: &Bundle,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into bundles (id, shop_id, title, saving, listed, created_at)
        select $2, $1, $3, $4, $5, $6
        where (select count(*) from bundles where shop_id = $1) < $7
        ",
        shop.0,
        bundle.id.0,
        bundle.title,
        bundle.saving.in_minor(),
        bundle.listed,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    add_parts(tx, bundle).await?;
    Ok(true)
}

async fn add_parts(tx: &mut Tx, bundle: &Bundle) -> Result<()> {
    sqlx::query!(
        "
        insert into bundle_parts (bundle_id, place, product_id, pieces)
        select $1, p.place, (p.part ->> 'product_id')::uuid, (p.part ->> 'pieces')::integer
        from jsonb_array_elements($2) with ordinality as p (part, place)
        ",
        bundle.id.0,
        json!(bundle.parts),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A bundle, held until the work ends.
pub(in crate::product) async fn lock_bundle(
    tx: &mut Tx,
    bundle: BundleId,
) -> Result<Option<Bundle>> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select from bundles where shop_id = $1 and id = $2 for no key update",
        shop.0,
        bundle.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(bundles(tx, &[bundle]).await?.pop())
}

/// A bundle as it is to be.
pub(in crate::product) async fn save_bundle(tx: &mut Tx, bundle: &Bundle) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        with emptied as (
          delete from bundle_parts p using bundles b where b.id = p.bundle_id and b.shop_id = $1 and b.id = $2
        )
        update bundles
        set title = $3, saving = $4, listed = $5
        where shop_id = $1 and id = $2
        ",
        shop.0,
        bundle.id.0,
        bundle.title,
        bundle.saving.in_minor(),
        bundle.listed,
    )
    .execute(tx.sql())
    .await?;
    add_parts(tx, bundle).await
}

/// Bundles by their ids.
pub(in crate::product) async fn bundles(tx: &mut Tx, bundles: &[BundleId]) -> Result<Vec<Bundle>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select b.id as "id: BundleId", b.title, b.saving as "saving: Money", b.listed,
          (
            select jsonb_agg(jsonb_build_object('product_id', p.product_id, 'pieces', p.pieces) order by p.place)
            from bundle_parts p
            where p.bundle_id = b.id
          ) as "parts!: Json<Vec<Part>>"
        from bundles b
        where b.shop_id = $1 and b.id = any ($2)
        "#,
        shop.0,
        &bundles.iter().map(|bundle| bundle.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(Bundle::from).collect())
}

/// The shop's bundles, the newest first; `all`: those that are not listed, too.
pub(in crate::product) async fn all_bundles(tx: &mut Tx, all: bool) -> Result<Vec<Bundle>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select b.id as "id: BundleId", b.title, b.saving as "saving: Money", b.listed,
          (
            select jsonb_agg(jsonb_build_object('product_id', p.product_id, 'pieces', p.pieces) order by p.place)
            from bundle_parts p
            where p.bundle_id = b.id
          ) as "parts!: Json<Vec<Part>>"
        from bundles b
        where b.shop_id = $1 and (b.listed or $2)
        order by b.id desc
        "#,
        shop.0,
        all,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(Bundle::from).collect())
}
