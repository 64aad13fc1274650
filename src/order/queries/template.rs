//! Templates.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::json::Word as _;
use serde_json::json;

use super::word;
use crate::{
    error::Result,
    id::{TemplateId, UserId},
    order::template::Template,
    store::Tx,
};

/// A new one; false if the shop has `most` already.
pub(in crate::order) async fn add_template(
    tx: &mut Tx,
    template: &Template,
    most: i64,
    by: UserId,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into order_templates (id, shop_id, name, basket, requests, delivery_method, terms, created_by, created_at)
        select $2, $1, $3, $4, $5, $6, $7, $8, $9
        where (select count(*) from order_templates where shop_id = $1) < $10
        ",
        shop.0,
        template.id.0,
        template.name,
        json!(template.basket),
        template.requests,
        template.delivery_method.word(),
        template.terms.word(),
        by.0,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Another in the place of one; false: there is none.
pub(in crate::order) async fn replace_template(tx: &mut Tx, template: &Template) -> Result<bool> {
    let shop = tx.shop()?;
    let replaced = sqlx::query!(
        "
        update order_templates
        set name = $3, basket = $4, requests = $5, delivery_method = $6, terms = $7
        where shop_id = $1 and id = $2
        ",
        shop.0,
        template.id.0,
        template.name,
        json!(template.basket),
        template.requests,
        template.delivery_method.word(),
        template.terms.word(),
    )
    .execute(tx.sql())
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Removes one; false: there is none.
pub(in crate::order) async fn remove_template(tx: &mut Tx, template: TemplateId) -> Result<bool> {
    let shop = tx.shop()?;
    let removed = sqlx::query!(
        "delete from order_templates where shop_id = $1 and id = $2",
        shop.0,
        template.0
    )
    .execute(tx.sql())
    .await?;
    Ok(removed.rows_affected() == 1)
}

/// The shop's templates by name, or one of them.
pub(in crate::order) async fn templates(
    tx: &mut Tx,
    only: Option<TemplateId>,
) -> Result<Vec<Template>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id as "id: TemplateId", name, basket, requests, delivery_method, terms
        from order_templates
        where shop_id = $1 and ($2::uuid is null or id = $2)
        order by name
        "#,
        shop.0,
        only.map(|id| id.0),
    )
    .fetch_all(tx.sql())
    .await?;
    let templates = rows.into_iter().map(|row| {
        Ok(Template {
            id: row.id,
            name: row.name,
            basket: serde_json::from_value(row.basket).map_err(anyhow::Error::from)?,
            requests: row.requests,
            delivery_method: word(&row.delivery_method)?,
            terms: word(&row.terms)?,
        })
    });
    templates.collect()
}
