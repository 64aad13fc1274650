//! Claims: who has had how many, and whether there is one more.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use proto::json::Word as _;

use super::super::{Coupon, eligible::Known, terms::Limits};
use crate::{
    error::Result,
    id::{CouponTemplateId, GiftId, SessionId, UserId},
    store::Tx,
};

/// What is taken out of a template.
#[derive(Clone, Copy, Debug)]
pub(in crate::coupon) enum Seats {
    /// So many coupons one by one.
    Claimed(i64),
    /// A gift of so many.
    Given(i64),
}

impl Seats {
    pub(in crate::coupon) fn number(self) -> i64 {
        match self {
            Self::Claimed(number) | Self::Given(number) => number,
        }
    }
}

/// Takes so many out of a template: the one statement that decides quantity, budget, time and state. False: nothing happened.
pub(in crate::coupon) async fn take(
    tx: &mut Tx,
    template: CouponTemplateId,
    seats: Seats,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let (claimed, given) = match seats {
        Seats::Claimed(number) => (number, 0),
        Seats::Given(number) => (0, number),
    };
    let taken = sqlx::query!(
        "
        update coupon_templates
        set claimed = claimed + $3, given = given + $4,
          state = case when state = 'published' and claimed + given + $3 + $4 = quantity then 'sold_out' else state end
        where shop_id = $1 and id = $2 and state in ('trial', 'published')
          and (quantity is null or claimed + given + $3 + $4 <= quantity)
          and (budget is null or (claimed + given + $3 + $4) * worth <= budget)
          and ($4 > 0 or (coalesce(claim_from <= $5, true) and coalesce($5 < claim_until, true)))
        ",
        shop.0,
        template.0,
        claimed,
        given,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Puts back what nobody claimed of a gift: there is something to be claimed again.
pub(in crate::coupon) async fn put_back(
    tx: &mut Tx,
    template: CouponTemplateId,
    pieces: i64,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update coupon_templates
        set given = given - $3, state = case when state = 'sold_out' and $3 > 0 then 'published' else state end
        where shop_id = $1 and id = $2
        ",
        shop.0,
        template.0,
        pieces,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What is known of a customer in the shop, and by a template. Their orders lie with `order`, which knows coupons.
pub(in crate::coupon) async fn known(
    tx: &mut Tx,
    template: CouponTemplateId,
    customer: UserId,
) -> Result<Known> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select o.orders as "orders!", o.last as "last: SqlTimestamp",
          exists (select from coupon_people p where p.template_id = $2 and p.list = 'testers' and p.customer_id = $3) as "tester!",
          exists (select from coupon_people p where p.template_id = $2 and p.list = 'customers' and p.customer_id = $3) as "listed!",
          exists (select from bans b where b.shop_id = $1 and b.user_id = $3) as "banned!"
        from (
          select count(*) as orders, max(placed_at) as last
          from orders
          where customer_id = $3 and shop_id = $1 and placed_at is not null and state <> 'cancelled'
        ) o
        "#,
        shop.0,
        template.0,
        customer.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(Known {
        orders: row.orders,
        last_order_at: row.last.map(SqlTimestamp::to_jiff),
        tester: row.tester,
        listed: row.listed,
        banned: row.banned,
    })
}

/// The device that somebody logged in by.
pub(in crate::coupon) async fn device(tx: &mut Tx, session: SessionId) -> Result<Option<String>> {
    let device = sqlx::query_scalar!("select device_id from sessions where id = $1", session.0)
        .fetch_optional(tx.sql())
        .await?;
    Ok(device)
}

/// A coupon's row to be.
pub(in crate::coupon) struct NewCoupon<'a> {
    pub coupon: &'a Coupon,
    pub customer: UserId,
    pub gift: Option<GiftId>,
    /// Where the template counts devices.
    pub device: Option<&'a str>,
    pub limits: &'a Limits,
}

/// Writes the row as the customer's next of its template, and the device's. False: they have as many as they may, or somebody was faster.
pub(in crate::coupon) async fn add_coupon(tx: &mut Tx, new: &NewCoupon<'_>) -> Result<bool> {
    let coupon = new.coupon;
    let added = sqlx::query!(
        "
        insert into coupons (id, shop_id, template_id, customer_id, nth, device_id, nth_on_device, source, gift_id, state, valid_from,
          valid_until, claimed_at)
        select $1, $2, $3, $4, p.had + 1, $5, case when $5::text is null then null else d.had + 1 end, $6, $7, $8, $9, $10, $11
        from (select count(*)::integer as had from coupons where template_id = $3 and customer_id = $4) p,
          (select count(*)::integer as had from coupons where template_id = $3 and device_id = $5) d
        where p.had < $12 and ($5 is null or d.had < $13)
        on conflict do nothing
        ",
        coupon.id.0,
        coupon.shop_id.0,
        coupon.template_id.0,
        new.customer.0,
        new.device,
        coupon.source.word(),
        new.gift.map(|gift| gift.0),
        coupon.state.word(),
        coupon.valid_from.to_sqlx() as _,
        coupon.valid_until.to_sqlx() as _,
        coupon.claimed_at.to_sqlx() as _,
        new.limits.per_person,
        new.limits.per_device,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// What somebody has had of a template.
pub(in crate::coupon) struct Had {
    /// One of this gift.
    pub of_gift: bool,
    pub by_person: i64,
    pub by_device: i64,
}

/// Counts it, to say which limit it was.
pub(in crate::coupon) async fn had(tx: &mut Tx, new: &NewCoupon<'_>) -> Result<Had> {
    let had = sqlx::query_as!(
        Had,
        r#"
        select
          exists (select from coupons where shop_id = $1 and gift_id = $4 and customer_id = $3) as "of_gift!",
          (select count(*) from coupons where shop_id = $1 and template_id = $2 and customer_id = $3) as "by_person!",
          (select count(*) from coupons where shop_id = $1 and template_id = $2 and device_id = $5) as "by_device!"
        "#,
        new.coupon.shop_id.0,
        new.coupon.template_id.0,
        new.customer.0,
        new.gift.map(|gift| gift.0),
        new.device,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(had)
}
