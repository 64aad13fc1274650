//! Tags, and who carries them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    crm::tag::{CarriedTag, Dimension, Known, Tag, TagCount},
    error::Result,
    id::UserId,
    store::Tx,
};

/// Are all of them customers of the shop? They are held, each tagging after the other.
pub(in crate::crm) async fn know_all(tx: &mut Tx, users: &[UserId]) -> Result<bool> {
    let shop = tx.shop()?;
    let mut users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    users.sort_unstable();
    users.dedup();
    let known = sqlx::query!(
        "select from customers where shop_id = $1 and user_id = any ($2) order by user_id for no key update",
        shop.0,
        &users,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(known.len() == users.len())
}

/// Says how many carry it anew.
pub(in crate::crm) async fn add_tag(
    tx: &mut Tx,
    tag: &Tag,
    users: &[UserId],
    by: UserId,
    now: Timestamp,
) -> Result<u64> {
    let shop = tx.shop()?;
    let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let added = sqlx::query!(
        "
        insert into customer_tags (shop_id, customer_id, dimension, name, set_by, at)
        select distinct $1::uuid, u.id, $3, $4, $5::uuid, $6::timestamptz from unnest($2::uuid[]) as u (id)
        on conflict do nothing
        ",
        shop.0,
        &users,
        tag.dimension.word(),
        tag.name,
        by.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected())
}

/// The most tags that one of them carries.
pub(in crate::crm) async fn most_tags(tx: &mut Tx, users: &[UserId]) -> Result<i64> {
    let shop = tx.shop()?;
    let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let most = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from customer_tags
        where shop_id = $1 and customer_id = any ($2)
        group by customer_id
        order by 1 desc
        limit 1
        "#,
        shop.0,
        &users,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(most.unwrap_or_default())
}

/// False: they do not carry it.
pub(in crate::crm) async fn remove_tag(tx: &mut Tx, tag: &Tag, user: UserId) -> Result<bool> {
    let shop = tx.shop()?;
    let removed = sqlx::query!(
        "delete from customer_tags where shop_id = $1 and customer_id = $2 and dimension = $3 and name = $4",
        shop.0,
        user.0,
        tag.dimension.word(),
        tag.name,
    )
    .execute(tx.sql())
    .await?;
    Ok(removed.rows_affected() == 1)
}

/// Each tag with its carriers counted.
pub(in crate::crm) async fn tags(tx: &mut Tx) -> Result<Vec<TagCount>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select dimension as "dimension: Dimension", name, count(*) as "customers!"
        from customer_tags
        where shop_id = $1
        group by dimension, name
        order by dimension, name
        "#,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let tags = rows.into_iter().map(|row| TagCount {
        tag: Tag {
            dimension: row.dimension,
            name: row.name,
        },
        customers: row.customers,
    });
    Ok(tags.collect())
}

/// The shop's customers in order of their ids, with their tags.
pub(in crate::crm) async fn customers(
    tx: &mut Tx,
    tag: Option<&Tag>,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<Known>> {
    let shop = tx.shop()?;
    let (dimension, name) = tag.map(|tag| (tag.dimension.word(), &*tag.name)).unzip();
    let rows = sqlx::query!(
        r#"
        select c.user_id as "user: UserId", u.name,
          coalesce((
            select jsonb_agg(jsonb_build_object('dimension', t.dimension, 'name', t.name, 'automatic', t.set_by is null)
              order by t.dimension, t.name)
            from customer_tags t
            where t.shop_id = c.shop_id and t.customer_id = c.user_id
          ), '[]') as "tags!"
        from customers c
        join users u on u.id = c.user_id
        where c.shop_id = $1 and ($2::uuid is null or c.user_id > $2)
          and ($3::text is null or exists (
            select from customer_tags t
            where t.shop_id = c.shop_id and t.customer_id = c.user_id and t.dimension = $3 and t.name = $4
          ))
        order by c.user_id
        limit $5
        "#,
        shop.0,
        after.map(|id| id.0),
        dimension,
        name,
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let known = rows.into_iter().map(|row| {
        Ok(Known {
            user_id: row.user,
            name: row.name,
            tags: carried(row.tags)?,
        })
    });
    known.collect()
}

/// Tags as the statements above put them together.
pub(super) fn carried(tags: Value) -> Result<Vec<CarriedTag>> {
    #[derive(serde::Deserialize)]
    struct Row {
        dimension: Dimension,
        name: String,
        automatic: bool,
    }
    let rows: Vec<Row> = serde_json::from_value(tags).map_err(anyhow::Error::from)?;
    let tags = rows.into_iter().map(|row| CarriedTag {
        tag: Tag {
            dimension: row.dimension,
            name: row.name,
        },
        automatic: row.automatic,
    });
    Ok(tags.collect())
}
