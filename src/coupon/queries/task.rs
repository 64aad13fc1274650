//! What was done before a claim: looking around, and help of friends.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

use super::super::{help::Asked, task::UNSEEN};
use crate::{
    error::Result,
    id::{CouponTemplateId, SessionId, ShopId, UserId},
    store::Tx,
};

/// So long may pass until somebody is seen again.
fn unseen() -> f64 {
    UNSEEN.as_secs_f64()
}

/// They look around, now. Whatever is said at once by two of their devices, time passes once.
pub(in crate::coupon) async fn look_around(
    tx: &mut Tx,
    template: CouponTemplateId,
    customer: UserId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into coupon_browsing as b (template_id, customer_id, seen_at)
        select id, $3, $4
        from coupon_templates
        where shop_id = $1 and id = $2
        on conflict (template_id, customer_id) do update
        set
          browsed_ms = b.browsed_ms + case
            when $4 - b.seen_at between interval '0' and make_interval(secs => $5)
            then round(extract(epoch from $4 - b.seen_at) * 1000)::bigint
            else 0
          end,
          seen_at = greatest(b.seen_at, $4)
        ",
        shop.0,
        template.0,
        customer.0,
        now.to_sqlx() as _,
        unseen(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What somebody has done for a coupon.
pub(in crate::coupon) struct DoneBefore {
    pub browsed_ms: i64,
    pub helped: i64,
}

/// Counts it; the time since they were seen last counts as long as they may be unseen.
pub(in crate::coupon) async fn done(
    tx: &mut Tx,
    template: CouponTemplateId,
    customer: UserId,
    now: Timestamp,
) -> Result<DoneBefore> {
    let shop = tx.shop()?;
    let done = sqlx::query_as!(
        DoneBefore,
        r#"
        select
          coalesce((
            select b.browsed_ms + case
              when $4::timestamptz - b.seen_at between interval '0' and make_interval(secs => $5)
              then round(extract(epoch from $4::timestamptz - b.seen_at) * 1000)::bigint
              else 0
            end
            from coupon_browsing b
            where b.template_id = t.id and b.customer_id = $3
          ), 0) as "browsed_ms!",
          (select count(*) from coupon_helps h where h.template_id = t.id and h.customer_id = $3) as "helped!"
        from coupon_templates t
        where t.shop_id = $1 and t.id = $2
        "#,
        shop.0,
        template.0,
        customer.0,
        now.to_sqlx() as _,
        unseen(),
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(done)
}

/// The customer's code for a template: this one, unless they have one.
pub(in crate::coupon) async fn plea(
    tx: &mut Tx,
    template: CouponTemplateId,
    customer: UserId,
    new: &str,
    now: Timestamp,
) -> Result<String> {
    let shop = tx.shop()?;
    let code = sqlx::query_scalar!(
        "
        insert into coupon_pleas as p (code, shop_id, template_id, customer_id, created_at)
        select $4, shop_id, id, $3, $5
        from coupon_templates
        where shop_id = $1 and id = $2
        on conflict on constraint coupon_pleas_one do update set code = p.code
        returning code
        ",
        shop.0,
        template.0,
        customer.0,
        new,
        now.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(code)
}

/// Whom a code helps, in whichever shop.
pub(in crate::coupon) async fn asked(pool: &PgPool, code: &str) -> Result<Option<Asked>> {
    if code.contains('\0') {
        return Ok(None);
    }
    let asked = sqlx::query_as!(
        Asked,
        r#"
        select shop_id as "shop: ShopId", template_id as "template: CouponTemplateId", customer_id as "customer: UserId"
        from coupon_pleas
        where code = $1
        "#,
        code,
    )
    .fetch_optional(pool)
    .await?;
    Ok(asked)
}

/// They help, unless they have helped somebody to this before, are whom it helps, share a device with them, work for the shop or are banned
/// there, or nobody can claim these coupons any more.
pub(in crate::coupon) async fn add_help(
    tx: &mut Tx,
    asked: &Asked,
    helper: UserId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into coupon_helps (template_id, helper_id, customer_id, at)
        select t.id, u.id, $3, $5
        from coupon_templates t
        join users u on u.id = $4 and u.kind = 'customer'
        where t.shop_id = $1 and t.id = $2 and t.state in ('trial', 'published') and u.id <> $3
          and not exists (select from bans b where b.shop_id = $1 and b.user_id = u.id)
          and not exists (select from staff s where s.shop_id = $1 and s.user_id = u.id)
          and not share_a_device($3, u.id)
        on conflict do nothing
        ",
        shop.0,
        asked.template.0,
        asked.customer.0,
        helper.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Have they helped this person to these coupons?
pub(in crate::coupon) async fn has_helped(
    tx: &mut Tx,
    asked: &Asked,
    helper: UserId,
) -> Result<bool> {
    let shop = tx.shop()?;
    let has = sqlx::query_scalar!(
        r#"
        select exists (
          select from coupon_helps h
          join coupon_templates t on t.id = h.template_id
          where t.shop_id = $1 and h.template_id = $2 and h.customer_id = $3 and h.helper_id = $4
        ) as "has!"
        "#,
        shop.0,
        asked.template.0,
        asked.customer.0,
        helper.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(has)
}

/// The log-in that somebody came by last.
pub(in crate::coupon) async fn last_session(
    tx: &mut Tx,
    customer: UserId,
) -> Result<Option<SessionId>> {
    let session = sqlx::query_scalar!(
        r#"select id as "id: SessionId" from sessions where user_id = $1 order by created_at desc, id desc limit 1"#,
        customer.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(session)
}
