//! The tags that the server keeps by itself.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    crm::{
        keep::{HIGH_REPEAT, INVITED},
        rules::Rules,
    },
    error::Result,
    id::{OrderId, ShopId, UserId},
    store::Tx,
};

/// A customer of a shop.
pub(in crate::crm) type OfShop = (ShopId, UserId);

/// Holds these customers in one order, so that what is counted next is not overtaken by somebody who counted earlier.
pub(in crate::crm) async fn hold(sql: &mut PgConnection, whom: &[OfShop]) -> Result<()> {
    let (shops, users) = columns(whom);
    sqlx::query!(
        "
        select
        from customers c
        where (c.shop_id, c.user_id) in (select * from unnest($1::uuid[], $2::uuid[]))
        order by c.shop_id, c.user_id
        for no key update
        ",
        &shops,
        &users,
    )
    .fetch_all(sql)
    .await?;
    Ok(())
}

/// Gives these customers the tags of their purchases, by their shop's thresholds, and takes away those that are true no more.
pub(in crate::crm) async fn keep(
    sql: &mut PgConnection,
    whom: &[OfShop],
    now: Timestamp,
) -> Result<()> {
    let (shops, users) = columns(whom);
    let usual = Rules::default();
    sqlx::query!(
        "
        with bought as (
          select c.shop_id, c.user_id, p.spent, p.ever, p.lately, coalesce(r.low_at_most, $4) as low_at_most,
            coalesce(r.high_from, $5) as high_from, coalesce(r.repeat_from, $6::integer) as repeat_from
          from unnest($1::uuid[], $2::uuid[]) as w (shop_id, user_id)
          join customers c on c.shop_id = w.shop_id and c.user_id = w.user_id
          left join tag_rules r on r.shop_id = c.shop_id
          cross join lateral (
            select coalesce(sum(p.spent), 0) as spent, count(*) as ever,
              count(*) filter (where p.at > $3::timestamptz - make_interval(days => coalesce(r.repeat_days, $7))) as lately
            from purchases p
            where p.shop_id = c.shop_id and p.customer_id = c.user_id
          ) p
        ),
        wanted as (
          select shop_id, user_id, 'spending' as dimension,
            case when spent <= low_at_most then '低消费' when spent >= high_from then '高消费' else '中消费' end as name
          from bought
          union all
          select shop_id, user_id, 'frequency',
            case when ever = 0 then '新客' when lately >= repeat_from then '高复购' else '低复购' end
          from bought
        ),
        gone as (
          delete from customer_tags t
          using bought b
          where t.shop_id = b.shop_id and t.customer_id = b.user_id and t.set_by is null
            and t.dimension in ('spending', 'frequency')
            and not exists (
              select from wanted w
              where w.shop_id = t.shop_id and w.user_id = t.customer_id and w.dimension = t.dimension and w.name = t.name
            )
        )
        insert into customer_tags (shop_id, customer_id, dimension, name, at)
        select shop_id, user_id, dimension, name, $3 from wanted
        on conflict do nothing
        ",
        &shops,
        &users,
        now.to_sqlx() as _,
        usual.low_at_most.in_minor(),
        usual.high_from.in_minor(),
        usual.repeat_from,
        usual.repeat_days,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// These customers of the shop came by an invitation.
pub(in crate::crm) async fn came_by_invitation(
    tx: &mut Tx,
    users: &[UserId],
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    sqlx::query!(
        "
        insert into customer_tags (shop_id, customer_id, dimension, name, at)
        select c.shop_id, c.user_id, 'source', $3, $4
        from customers c
        where c.shop_id = $1 and c.user_id = any ($2)
        order by c.user_id
        on conflict do nothing
        ",
        shop.0,
        &users,
        INVITED,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Whose orders these are.
pub(in crate::crm) async fn buyers(pool: &PgPool, orders: &[OrderId]) -> Result<Vec<OfShop>> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let rows = sqlx::query!(
        r#"select distinct shop_id as "shop: ShopId", customer_id as "customer: UserId" from orders where id = any ($1)"#,
        &orders,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.shop, row.customer))
        .collect())
}

/// Some of those who count as buying often: time alone may have changed that.
pub(in crate::crm) async fn frequent(
    pool: &PgPool,
    after: Option<OfShop>,
    most: i64,
) -> Result<Vec<OfShop>> {
    let (shop, user) = after.unzip();
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", customer_id as "customer: UserId"
        from customer_tags
        where dimension = 'frequency' and name = $1 and set_by is null
          and ($2::uuid is null or (shop_id, customer_id) > ($2, $3::uuid))
        order by shop_id, customer_id
        limit $4
        "#,
        HIGH_REPEAT,
        shop.map(|id| id.0),
        user.map(|id| id.0),
        most,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.shop, row.customer))
        .collect())
}

/// Some of the shop's customers, for whom everything is counted anew.
pub(in crate::crm) async fn some(
    tx: &mut Tx,
    after: Option<UserId>,
    most: i64,
) -> Result<Vec<OfShop>> {
    let shop = tx.shop()?;
    let users = sqlx::query_scalar!(
        r#"
        select user_id as "user: UserId"
        from customers
        where shop_id = $1 and ($2::uuid is null or user_id > $2)
        order by user_id
        limit $3
        "#,
        shop.0,
        after.map(|id| id.0),
        most,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(users.into_iter().map(|user| (shop, user)).collect())
}

/// The shop's thresholds, if it has set any.
pub(in crate::crm) async fn rules(tx: &mut Tx) -> Result<Option<Rules>> {
    let shop = tx.shop()?;
    let rules = sqlx::query_as!(
        Rules,
        r#"
        select low_at_most as "low_at_most: _", high_from as "high_from: _", repeat_from, repeat_days
        from tag_rules
        where shop_id = $1
        "#,
        shop.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(rules)
}

/// Other thresholds.
pub(in crate::crm) async fn set_rules(tx: &mut Tx, rules: &Rules) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into tag_rules (shop_id, low_at_most, high_from, repeat_from, repeat_days)
        values ($1, $2, $3, $4, $5)
        on conflict (shop_id) do update
        set low_at_most = excluded.low_at_most, high_from = excluded.high_from, repeat_from = excluded.repeat_from,
          repeat_days = excluded.repeat_days
        ",
        shop.0,
        rules.low_at_most.in_minor(),
        rules.high_from.in_minor(),
        rules.repeat_from,
        rules.repeat_days,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

fn columns(whom: &[OfShop]) -> (Vec<Uuid>, Vec<Uuid>) {
    whom.iter().map(|(shop, user)| (shop.0, user.0)).unzip()
}
