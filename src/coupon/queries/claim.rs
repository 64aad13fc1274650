//! Claims: who has had how many, and whether there is one more.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use proto::json::Word as _;
use uuid::Uuid;

use super::super::{Coupon, eligible::Known, terms::Limits};
use crate::{
    error::Result,
    id::{CouponId, CouponTemplateId, GiftId, SessionId, UserId},
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

/// What is known of customers in the shop, and by a template. Their orders lie with `order`, which knows coupons. The subquery hides from the
/// database how many there are, or it would plan anew each time.
pub(in crate::coupon) async fn known(
    tx: &mut Tx,
    template: CouponTemplateId,
    customers: &[UserId],
) -> Result<HashMap<UserId, Known>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select c.id as "customer!: UserId", o.orders as "orders!", o.last as "last: SqlTimestamp",
          exists (select from coupon_people p where p.template_id = $2 and p.list = 'testers' and p.customer_id = c.id) as "tester!",
          exists (select from coupon_people p where p.template_id = $2 and p.list = 'customers' and p.customer_id = c.id) as "listed!",
          exists (select from bans b where b.shop_id = $1 and b.user_id = c.id) as "banned!"
        from unnest((select $3::uuid[])) c (id)
        cross join lateral (
          select count(*) as orders, max(placed_at) as last
          from orders
          where customer_id = c.id and shop_id = $1 and placed_at is not null and state <> 'cancelled'
        ) o
        "#,
        shop.0,
        template.0,
        &ids(customers),
    )
    .fetch_all(tx.sql())
    .await?;
    let known = rows.into_iter().map(|row| {
        let known = Known {
            orders: row.orders,
            last_order_at: row.last.map(SqlTimestamp::to_jiff),
            tester: row.tester,
            listed: row.listed,
            banned: row.banned,
        };
        (row.customer, known)
    });
    Ok(known.collect())
}

fn ids(people: &[UserId]) -> Vec<Uuid> {
    people.iter().map(|id| id.0).collect()
}

/// The devices that people logged in by.
pub(in crate::coupon) async fn devices(
    tx: &mut Tx,
    sessions: &[SessionId],
) -> Result<HashMap<SessionId, String>> {
    let sessions: Vec<Uuid> = sessions.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select id as "id: SessionId", device_id as "device!" from sessions where id = any($1) and device_id is not null"#,
        &sessions
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.device)).collect())
}

/// Coupons' rows to be: of one template, claimed at one time from one source.
pub(in crate::coupon) struct NewCoupons<'a> {
    pub rows: Vec<NewCoupon<'a>>,
    pub gift: Option<GiftId>,
    pub limits: &'a Limits,
}

/// One of them.
#[derive(Clone, Copy)]
pub(in crate::coupon) struct NewCoupon<'a> {
    pub coupon: &'a Coupon,
    pub customer: UserId,
    /// Where the template counts devices.
    pub device: Option<&'a str>,
}

impl NewCoupons<'_> {
    fn ids(&self) -> Vec<Uuid> {
        self.rows.iter().map(|row| row.coupon.id.0).collect()
    }

    fn customers(&self) -> Vec<Uuid> {
        self.rows.iter().map(|row| row.customer.0).collect()
    }

    fn devices(&self) -> Vec<Option<&str>> {
        self.rows.iter().map(|row| row.device).collect()
    }
}

/// Writes each row as its customer's next of the template, and the device's, and gives those that were written: the others have as many as they
/// may, or somebody was faster. In the order of customers, so that two crowds seldom wait in a circle;
/// where they do, by device, one of them is served again.
pub(in crate::coupon) async fn add_coupons(
    tx: &mut Tx,
    new: &NewCoupons<'_>,
) -> Result<HashSet<CouponId>> {
    let Some(NewCoupon { coupon, .. }) = new.rows.first() else {
        return Ok(HashSet::new());
    };
    let added = sqlx::query_scalar!(
        r#"
        insert into coupons (id, shop_id, template_id, customer_id, nth, device_id, nth_on_device, source, gift_id, state, valid_from,
          valid_until, claimed_at)
        select n.id, $1, $2, n.customer_id, p.had + 1, n.device_id, case when n.device_id is null then null else d.had + 1 end, $6, $7, $8,
          $9, $10, $11
        from unnest((select $3::uuid[]), $4::uuid[], $5::text[]) n (id, customer_id, device_id)
        cross join lateral (
          select count(*)::integer as had from coupons where template_id = $2 and customer_id = n.customer_id
        ) p
        cross join lateral (select count(*)::integer as had from coupons where template_id = $2 and device_id = n.device_id) d
        where p.had < $12 and (n.device_id is null or d.had < $13)
        order by n.customer_id
        on conflict do nothing
        returning id as "id: CouponId"
        "#,
        coupon.shop_id.0,
        coupon.template_id.0,
        &new.ids(),
        &new.customers(),
        &new.devices() as _,
        coupon.source.word(),
        new.gift.map(|gift| gift.0),
        coupon.state.word(),
        coupon.valid_from.to_sqlx() as _,
        coupon.valid_until.to_sqlx() as _,
        coupon.claimed_at.to_sqlx() as _,
        new.limits.per_person,
        new.limits.per_device,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(added.into_iter().collect())
}

/// What somebody has had of a template.
pub(in crate::coupon) struct Had {
    /// The coupon that is not to be.
    pub instead_of: CouponId,
    /// One of this gift.
    pub of_gift: bool,
    pub by_person: i64,
    pub by_device: i64,
}

/// Counts it, to say which limit it was.
pub(in crate::coupon) async fn had(tx: &mut Tx, new: &NewCoupons<'_>) -> Result<Vec<Had>> {
    let Some(NewCoupon { coupon, .. }) = new.rows.first() else {
        return Ok(vec![]);
    };
    let had = sqlx::query_as!(
        Had,
        r#"
        select n.id as "instead_of!: CouponId",
          exists (select from coupons where shop_id = $1 and gift_id = $6 and customer_id = n.customer_id) as "of_gift!",
          (select count(*) from coupons where shop_id = $1 and template_id = $2 and customer_id = n.customer_id) as "by_person!",
          (select count(*) from coupons where shop_id = $1 and template_id = $2 and device_id = n.device_id) as "by_device!"
        from unnest((select $3::uuid[]), $4::uuid[], $5::text[]) n (id, customer_id, device_id)
        "#,
        coupon.shop_id.0,
        coupon.template_id.0,
        &new.ids(),
        &new.customers(),
        &new.devices() as _,
        new.gift.map(|gift| gift.0),
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(had)
}
