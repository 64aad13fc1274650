//! A shop's rules, and its special goods.

use proto::json::Word as _;
use uuid::Uuid;

use super::word;
use crate::{
    aftersale::{exception::Exception, rules::AfterSaleRules},
    error::Result,
    id::ProductId,
    money::Money,
    store::Tx,
};

/// The shop's rules; the defaults where it has none of its own.
pub(in crate::aftersale) async fn rules(tx: &mut Tx) -> Result<AfterSaleRules> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        AfterSaleRules,
        r#"
        select policy, days, pictures_wanted, approve_up_to as "approve_up_to: Money", return_address
        from after_sale_rules
        where shop_id = $1
        "#,
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found.unwrap_or_default())
}

/// The same, and nobody else changes them until this work ends.
pub(in crate::aftersale) async fn lock_rules(tx: &mut Tx) -> Result<AfterSaleRules> {
    let shop = tx.shop()?;
    sqlx::query!(
        "insert into after_sale_rules (shop_id) values ($1) on conflict (shop_id) do update set policy = after_sale_rules.policy",
        shop.0
    )
    .execute(tx.sql())
    .await?;
    rules(tx).await
}

pub(in crate::aftersale) async fn set_rules(tx: &mut Tx, rules: &AfterSaleRules) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update after_sale_rules
        set policy = $2, days = $3, pictures_wanted = $4, approve_up_to = $5, return_address = $6
        where shop_id = $1
        ",
        shop.0,
        rules.policy,
        rules.days,
        rules.pictures_wanted,
        rules.approve_up_to.in_minor(),
        rules.return_address,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The exceptions of these products, or the first 500 of the shop.
pub(in crate::aftersale) async fn exceptions(
    tx: &mut Tx,
    products: Option<&[ProductId]>,
) -> Result<Vec<Exception>> {
    let shop = tx.shop()?;
    let products: Option<Vec<Uuid>> =
        products.map(|products| products.iter().map(|product| product.0).collect());
    let rows = sqlx::query!(
        r#"
        select product_id as "product_id: ProductId", kinds, text
        from after_sale_exceptions
        where shop_id = $1 and ($2::uuid[] is null or product_id = any ($2))
        order by product_id
        limit 500
        "#,
        shop.0,
        products.as_deref(),
    )
    .fetch_all(tx.sql())
    .await?;
    let exceptions = rows.into_iter().map(|row| {
        let kinds = row.kinds.iter().map(|kind| word(kind));
        Ok(Exception {
            product_id: row.product_id,
            kinds: kinds.collect::<Result<_>>()?,
            text: row.text,
        })
    });
    exceptions.collect()
}

/// `false`: the shop has no such product.
pub(in crate::aftersale) async fn set_exception(
    tx: &mut Tx,
    exception: &Exception,
) -> Result<bool> {
    let shop = tx.shop()?;
    let kinds: Vec<String> = exception.kinds.iter().map(|kind| kind.word()).collect();
    let set = sqlx::query!(
        "
        insert into after_sale_exceptions (product_id, shop_id, kinds, text)
        select id, shop_id, $3, $4
        from products
        where shop_id = $1 and id = $2
        on conflict (product_id) do update
        set kinds = excluded.kinds, text = excluded.text
        ",
        shop.0,
        exception.product_id.0,
        &kinds,
        exception.text,
    )
    .execute(tx.sql())
    .await?;
    Ok(set.rows_affected() == 1)
}

/// `false`: it was none.
pub(in crate::aftersale) async fn remove_exception(
    tx: &mut Tx,
    product: ProductId,
) -> Result<bool> {
    let shop = tx.shop()?;
    let removed = sqlx::query!(
        "delete from after_sale_exceptions where shop_id = $1 and product_id = $2",
        shop.0,
        product.0
    )
    .execute(tx.sql())
    .await?;
    Ok(removed.rows_affected() == 1)
}
