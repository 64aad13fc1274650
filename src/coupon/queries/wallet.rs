//! Coupons in wallets, and their end.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use super::{
    super::{Coupon, terms::Terms, wallet::Pocket},
    word,
};
use crate::{
    error::Result,
    id::{CouponId, CouponTemplateId, GiftId, OrderId, ShopId, UserId},
    money::Money,
    store::Tx,
};

/// A coupon as it lies there.
struct Row {
    id: CouponId,
    shop_id: ShopId,
    template_id: CouponTemplateId,
    customer_id: UserId,
    terms: Json<Terms>,
    first_order_only: bool,
    source: String,
    state: String,
    valid_from: SqlTimestamp,
    valid_until: SqlTimestamp,
    claimed_at: SqlTimestamp,
    order_id: Option<OrderId>,
    deducted: Option<Money>,
    used_at: Option<SqlTimestamp>,
}

impl Row {
    fn coupon(self) -> Result<Coupon> {
        Ok(Coupon {
            id: self.id,
            shop_id: self.shop_id,
            template_id: self.template_id,
            terms: self.terms.0,
            first_order_only: self.first_order_only,
            source: word(&self.source)?,
            state: word(&self.state)?,
            valid_from: self.valid_from.to_jiff(),
            valid_until: self.valid_until.to_jiff(),
            claimed_at: self.claimed_at.to_jiff(),
            order_id: self.order_id,
            deducted: self.deducted,
            used_at: self.used_at.map(SqlTimestamp::to_jiff),
        })
    }
}

/// A page of a pocket of somebody's wallet, the newest first.
pub(in crate::coupon) async fn wallet(
    pool: &PgPool,
    (customer, home): (UserId, Option<ShopId>),
    (pocket, now): (Pocket, Timestamp),
    before: Option<CouponId>,
    limit: i64,
) -> Result<Vec<Coupon>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select c.id as "id: CouponId", c.shop_id as "shop_id: ShopId", c.template_id as "template_id: CouponTemplateId",
          c.customer_id as "customer_id: UserId", t.terms as "terms: Json<Terms>", t.eligibility ->> 'who' = 'first_order' as "first_order_only!", c.source, c.state,
          c.valid_from as "valid_from: SqlTimestamp", c.valid_until as "valid_until: SqlTimestamp",
          c.claimed_at as "claimed_at: SqlTimestamp", c.order_id as "order_id: OrderId", c.deducted as "deducted: Money",
          c.used_at as "used_at: SqlTimestamp"
        from coupons c
        join coupon_templates t on t.id = c.template_id
        where c.customer_id = $1 and ($2::uuid is null or c.shop_id = $2) and ($3::uuid is null or c.id < $3)
          and case
            when c.state = 'used' then 'used'
            when c.state = 'expired' or (c.state in ('usable', 'held') and c.valid_until <= $4) then 'expired'
            else 'usable'
          end = $5
        order by c.id desc
        limit $6
        "#,
        customer.0,
        home.map(|shop| shop.0),
        before.map(|id| id.0),
        now.to_sqlx() as _,
        match pocket {
            Pocket::Usable => "usable",
            Pocket::Used => "used",
            Pocket::Expired => "expired",
        },
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Row::coupon).collect()
}

/// What somebody could take for an order in the shop, those first that end first.
pub(in crate::coupon) async fn in_wallet(
    tx: &mut Tx,
    customer: UserId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Coupon>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select c.id as "id: CouponId", c.shop_id as "shop_id: ShopId", c.template_id as "template_id: CouponTemplateId",
          c.customer_id as "customer_id: UserId", t.terms as "terms: Json<Terms>", t.eligibility ->> 'who' = 'first_order' as "first_order_only!", c.source, c.state,
          c.valid_from as "valid_from: SqlTimestamp", c.valid_until as "valid_until: SqlTimestamp",
          c.claimed_at as "claimed_at: SqlTimestamp", c.order_id as "order_id: OrderId", c.deducted as "deducted: Money",
          c.used_at as "used_at: SqlTimestamp"
        from coupons c
        join coupon_templates t on t.id = c.template_id
        where c.customer_id = $2 and c.shop_id = $1 and c.state in ('usable', 'locked', 'held') and c.valid_until > $3
        order by c.valid_until, c.id
        limit $4
        "#,
        shop.0,
        customer.0,
        now.to_sqlx() as _,
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    rows.into_iter().map(Row::coupon).collect()
}

/// A coupon of a customer in the shop.
pub(in crate::coupon) async fn coupon(
    tx: &mut Tx,
    customer: UserId,
    coupon: CouponId,
) -> Result<Option<Coupon>> {
    let which = (Some(customer), Some(coupon), None);
    one(tx, which).await
}

/// The coupon that is on an order, paid or not.
pub(in crate::coupon) async fn coupon_on(tx: &mut Tx, order: OrderId) -> Result<Option<Coupon>> {
    one(tx, (None, None, Some(order))).await
}

/// The coupons that people have of a gift.
pub(in crate::coupon) async fn coupons_of_gift(
    tx: &mut Tx,
    gift: GiftId,
    customers: &[UserId],
) -> Result<HashMap<UserId, Coupon>> {
    let shop = tx.shop()?;
    let customers: Vec<Uuid> = customers.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        select c.id as "id: CouponId", c.shop_id as "shop_id: ShopId", c.template_id as "template_id: CouponTemplateId",
          c.customer_id as "customer_id: UserId", t.terms as "terms: Json<Terms>", t.eligibility ->> 'who' = 'first_order' as "first_order_only!", c.source, c.state,
          c.valid_from as "valid_from: SqlTimestamp", c.valid_until as "valid_until: SqlTimestamp",
          c.claimed_at as "claimed_at: SqlTimestamp", c.order_id as "order_id: OrderId", c.deducted as "deducted: Money",
          c.used_at as "used_at: SqlTimestamp"
        from coupons c
        join coupon_templates t on t.id = c.template_id
        where c.shop_id = $1 and c.gift_id = $2 and c.customer_id = any ((select $3::uuid[])::uuid[])
        "#,
        shop.0,
        gift.0,
        &customers,
    )
    .fetch_all(tx.sql())
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.customer_id, row.coupon()?)))
        .collect()
}

type Which = (Option<UserId>, Option<CouponId>, Option<OrderId>);

/// The inner subqueries hide from the database what is null, or it would plan anew each time.
async fn one(tx: &mut Tx, (customer, coupon, order): Which) -> Result<Option<Coupon>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        Row,
        r#"
        select c.id as "id: CouponId", c.shop_id as "shop_id: ShopId", c.template_id as "template_id: CouponTemplateId",
          c.customer_id as "customer_id: UserId", t.terms as "terms: Json<Terms>", t.eligibility ->> 'who' = 'first_order' as "first_order_only!", c.source, c.state,
          c.valid_from as "valid_from: SqlTimestamp", c.valid_until as "valid_until: SqlTimestamp",
          c.claimed_at as "claimed_at: SqlTimestamp", c.order_id as "order_id: OrderId", c.deducted as "deducted: Money",
          c.used_at as "used_at: SqlTimestamp"
        from coupons c
        join coupon_templates t on t.id = c.template_id
        where c.shop_id = $1 and ($2::uuid is null or c.customer_id = $2)
          and c.id = coalesce(
            $3,
            (select o.id from coupons o where o.order_id = (select $4::uuid))
          )
        "#,
        shop.0,
        customer.map(|id| id.0),
        coupon.map(|id| id.0),
        order.map(|id| id.0),
    )
    .fetch_optional(tx.sql())
    .await?;
    row.map(Row::coupon).transpose()
}

/// Ends what nobody used in time; says how many that were.
pub(in crate::coupon) async fn expire(pool: &PgPool, now: Timestamp, most: i64) -> Result<u64> {
    let ended = sqlx::query!(
        "
        update coupons
        set state = 'expired'
        where id in (
          select id
          from coupons
          where state in ('usable', 'held') and valid_until <= $1
          order by valid_until
          limit $2
          for update skip locked
        )
        ",
        now.to_sqlx() as _,
        most,
    )
    .execute(pool)
    .await?;
    Ok(ended.rows_affected())
}

/// Coupons that end before `until`, whose customers have not been told, and that were claimed before there was so little time.
pub(in crate::coupon) async fn to_be_reminded(
    pool: &PgPool,
    now: Timestamp,
    until: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, CouponId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: CouponId"
        from coupons
        where state = 'usable' and valid_until > $1 and valid_until <= $2 and reminded_at is null
          and claimed_at < valid_until - ($2 - $1)
        order by valid_until
        limit $3
        "#,
        now.to_sqlx() as _,
        until.to_sqlx() as _,
        most,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// A coupon that ends soon.
pub(in crate::coupon) struct Ending {
    pub customer: UserId,
    pub title: String,
    /// `2026-11-30 00:00`, by the shop's clock.
    pub until: String,
}

/// Takes it upon itself to remind of a coupon, once.
pub(in crate::coupon) async fn remind(
    tx: &mut Tx,
    coupon: CouponId,
    now: Timestamp,
) -> Result<Option<Ending>> {
    let shop = tx.shop()?;
    let ending = sqlx::query_as!(
        Ending,
        r#"
        update coupons c
        set reminded_at = $3
        from coupon_templates t, shops s
        where c.shop_id = $1 and c.id = $2 and c.reminded_at is null and c.state = 'usable' and t.id = c.template_id and s.id = c.shop_id
        returning c.customer_id as "customer: UserId", t.terms ->> 'title' as "title!",
          to_char(c.valid_until at time zone s.time_zone, 'YYYY-MM-DD HH24:MI') as "until!"
        "#,
        shop.0,
        coupon.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(ending)
}
