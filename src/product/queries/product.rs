//! Products and their variants.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::super::{Product, Tier, Variant, variant::NewVariant};
use crate::{
    error::Result,
    id::{FileId, ProductId, VariantId},
    money::Money,
    store::Tx,
};

/// A product as it lies there.
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
}

impl From<Row> for Product {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            title: row.title,
            category: row.category,
            description: row.description,
            pictures: row.pictures.into_iter().map(FileId).collect(),
            illustrations: row.illustrations.into_iter().map(FileId).collect(),
            list_price: row.list_price,
            price: row.price,
            labels: row.labels,
            tiers: row.tiers.0,
            options: row.options,
            listed: row.listed,
        }
    }
}

fn uuids(files: &[FileId]) -> Vec<Uuid> {
    files.iter().map(|file| file.0).collect()
}

/// A new product; false if the shop has `most` already.
pub(in crate::product) async fn add(
    tx: &mut Tx,
    product: &Product,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into products (id, shop_id, title, category, description, pictures, illustrations, list_price, price, labels, tiers,
          options, listed, created_at)
        select $2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
        where (select count(*) from products where shop_id = $1) < $15
        ",
        shop.0,
        product.id.0,
        product.title,
        &product.category,
        product.description,
        &uuids(&product.pictures),
        &uuids(&product.illustrations),
        product.list_price.in_minor(),
        product.price.in_minor(),
        &product.labels,
        json!(product.tiers),
        &product.options,
        product.listed,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// A product as it is to be.
pub(in crate::product) async fn save(tx: &mut Tx, product: &Product) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update products
        set title = $3, category = $4, description = $5, pictures = $6, illustrations = $7, list_price = $8, price = $9,
          labels = $10, tiers = $11, listed = $12, options = $13
        where shop_id = $1 and id = $2
        ",
        shop.0,
        product.id.0,
        product.title,
        &product.category,
        product.description,
        &uuids(&product.pictures),
        &uuids(&product.illustrations),
        product.list_price.in_minor(),
        product.price.in_minor(),
        &product.labels,
        json!(product.tiers),
        product.listed,
        &product.options,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A product, held until the work ends.
pub(in crate::product) async fn lock(tx: &mut Tx, product: ProductId) -> Result<Option<Product>> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select from products where shop_id = $1 and id = $2 for no key update",
        shop.0,
        product.0
    )
    .fetch_optional(tx.sql())
    .await?;
    self::product(tx, product).await
}

/// A product.
pub(in crate::product) async fn product(
    tx: &mut Tx,
    product: ProductId,
) -> Result<Option<Product>> {
    let found = products(tx, &[product]).await?;
    Ok(found.into_iter().next())
}

/// Products by their ids, in no order.
pub(in crate::product) async fn products(
    tx: &mut Tx,
    products: &[ProductId],
) -> Result<Vec<Product>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: ProductId", title, category, description, pictures, illustrations, list_price as "list_price: Money",
          price as "price: Money", labels, tiers as "tiers: Json<Vec<Tier>>", options, listed
        from products
        where shop_id = $1 and id = any ($2)
        "#,
        shop.0,
        &products.iter().map(|product| product.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(Product::from).collect())
}

/// New variants of a product.
pub(in crate::product) async fn add_variants(
    tx: &mut Tx,
    product: ProductId,
    variants: &[(VariantId, &NewVariant)],
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    let variants: Value = variants
        .iter()
        .map(|(id, variant)| json!({ "id": id, "choice": variant.choice, "sku": variant.sku }))
        .collect();
    sqlx::query!(
        "
        insert into variants (id, shop_id, product_id, choice, sku, created_at)
        select id, $1, $2, choice, sku, $4
        from jsonb_to_recordset($3) as v (id uuid, choice text[], sku text)
        ",
        shop.0,
        product.0,
        variants,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What a variant says from now on.
pub(in crate::product) async fn save_variant(tx: &mut Tx, variant: &Variant) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update variants set choice = $3, sku = $4 where shop_id = $1 and id = $2",
        shop.0,
        variant.id.0,
        &variant.choice,
        variant.sku,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The variants of these products in the order of their birth, with what can be sold of them.
pub(in crate::product) async fn variants(
    tx: &mut Tx,
    products: &[ProductId],
) -> Result<Vec<(ProductId, Variant)>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select v.product_id as "product: ProductId", v.id as "id: VariantId", v.choice, v.sku,
          s.on_hand - s.held as "available!"
        from variants v
        join stock s on s.variant_id = v.id
        where v.shop_id = $1 and v.product_id = any ($2)
        order by v.id
        "#,
        shop.0,
        &products.iter().map(|product| product.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.sql())
    .await?;
    let variants = rows.into_iter().map(|row| {
        let variant = Variant {
            id: row.id,
            choice: row.choice,
            sku: row.sku,
            available: row.available,
        };
        (row.product, variant)
    });
    Ok(variants.collect())
}

/// Of which product each of these variants is, and what it says.
pub(in crate::product) async fn products_of(
    tx: &mut Tx,
    variants: &[VariantId],
) -> Result<Vec<(VariantId, ProductId, Vec<String>)>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id as "id: VariantId", product_id as "product: ProductId", choice
        from variants
        where shop_id = $1 and id = any ($2)
        "#,
        shop.0,
        &variants.iter().map(|variant| variant.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.product, row.choice))
        .collect())
}

/// What the shop's amounts are in.
pub(in crate::product) async fn currency(tx: &mut Tx) -> Result<String> {
    let shop = tx.shop()?;
    let currency = sqlx::query_scalar!("select currency from shops where id = $1", shop.0)
        .fetch_optional(tx.sql())
        .await?;
    Ok(currency.unwrap_or_default())
}
