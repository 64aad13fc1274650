//! Pages of orders.

use crate::{
    error::Result,
    id::{OrderId, ShopId, UserId},
    store::Tx,
};

/// Which orders of a shop.
pub(in crate::order) struct Filter<'a> {
    pub states: &'a [String],
    pub payments: &'a [String],
    pub phones: Option<&'a [Vec<u8>]>,
    pub number: &'a str,
    pub owner: Option<UserId>,
    pub unclaimed: bool,
    pub abnormal: bool,
    pub customer: Option<UserId>,
}

/// A page of a shop's orders that the filter lets through, beyond one, by what else they are and in which order.
macro_rules! pages_of_shop {
    ($($(#[doc = $doc:literal])* $name:ident $place:literal)+) => {$(
        $(#[doc = $doc])*
        pub(in crate::order) async fn $name(
            tx: &mut Tx,
            filter: &Filter<'_>,
            beyond: Option<OrderId>,
            limit: i64,
        ) -> Result<Vec<OrderId>> {
            let shop = tx.shop()?;
            let ids = sqlx::query_scalar!(
                r#"
                select id as "id: OrderId"
                from orders
                where shop_id = $1
                  and (cardinality($3::text[]) = 0 or state = any ($3))
                  and (cardinality($4::text[]) = 0 or payment_status = any ($4))
                  and ($5::bytea[] is null or phone_index = any ($5))
                  and ($6 = '' or number = $6)
                  and ($7::uuid is null or owner_id = $7)
                  and (not $8 or owner_id is null)
                  and (not $9 or abnormal is not null)
                  and ($10::uuid is null or customer_id = $10)
                "# + $place,
                shop.0,
                beyond.map(|id| id.0),
                filter.states,
                filter.payments,
                filter.phones,
                filter.number,
                filter.owner.map(|id| id.0),
                filter.unclaimed,
                filter.abnormal,
                filter.customer.map(|id| id.0),
                limit,
            )
            .fetch_all(tx.sql())
            .await?;
            Ok(ids)
        }
    )+};
}

pages_of_shop! {
    /// Orders that waited for goods which are there again, and are to be shipped: the oldest before the others (INV-05).
    first_of_shop "
      and ($2::uuid is null or id > $2)
      and arrived_at is not null and state in ('accepted', 'preparing', 'partially_shipped')
    order by id
    limit $11"
    /// Those that do not come first, the newest before the others.
    page_of_shop "
      and ($2::uuid is null or id < $2)
      and (arrived_at is null or state not in ('accepted', 'preparing', 'partially_shipped'))
    order by id desc
    limit $11"
}

/// The newest first; who came from a shop's own site sees that shop's only.
pub(in crate::order) async fn page_of_customer(
    tx: &mut Tx,
    customer: UserId,
    home: Option<ShopId>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderId>> {
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: OrderId"
        from orders
        where customer_id = $1 and ($2::uuid is null or id < $2) and ($3::uuid is null or shop_id = $3)
        order by id desc
        limit $4
        "#,
        customer.0,
        before.map(|id| id.0),
        home.map(|shop| shop.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(ids)
}
