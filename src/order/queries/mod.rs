//! Every statement about orders.

pub(super) mod books;
mod change;
mod due;
mod event;
mod list;
mod paper;
mod rules;
mod short;
mod template;

use std::collections::HashMap;

pub(super) use change::*;
pub(super) use due::*;
pub(super) use event::*;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
pub(super) use list::*;
pub(super) use paper::*;
use proto::json::Word;
pub(super) use rules::*;
use serde::Deserialize;
pub(super) use short::*;
use sqlx::PgPool;
pub(super) use template::*;
use uuid::Uuid;

use super::{Line, LineUnits, Order, Package};
use crate::{
    error::Result,
    id::{ConversationId, OrderId, PackageId, ShopId, UserId},
    money::Money,
    store::Tx,
};

/// The row of an order, with the names of its people.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: OrderId,
    shop_id: ShopId,
    number: Option<String>,
    customer_id: UserId,
    customer_name: String,
    conversation_id: ConversationId,
    card_number: i64,
    source: String,
    state: String,
    payment_status: String,
    terms: String,
    delivery_method: String,
    currency: String,
    goods: Money,
    freight: Money,
    discount: Money,
    total: Money,
    paid: Money,
    refunded: Money,
    extra: Money,
    revision: i32,
    hash: Vec<u8>,
    version: i32,
    requests: String,
    remark: String,
    expected_at: Option<SqlTimestamp>,
    policy: String,
    policy_version: i32,
    pickup_code: Option<String>,
    person: Option<String>,
    owner_id: Option<UserId>,
    owner_name: Option<String>,
    abnormal: Option<String>,
    follow_up_at: Option<SqlTimestamp>,
    pay_by: Option<SqlTimestamp>,
    receive_by: Option<SqlTimestamp>,
    extended: bool,
    placed_at: Option<SqlTimestamp>,
    paid_at: Option<SqlTimestamp>,
    payment_method: Option<String>,
    accepted_at: Option<SqlTimestamp>,
    shipped_at: Option<SqlTimestamp>,
    completed_at: Option<SqlTimestamp>,
    cancelled_at: Option<SqlTimestamp>,
    created_at: SqlTimestamp,
}

/// A word of the contract that the database holds.
fn word<W: Word>(text: &str) -> Result<W> {
    Ok(W::from_word(text).ok_or_else(|| anyhow::anyhow!("`{text}` is no word of the contract"))?)
}

impl Row {
    fn order(self, lines: Vec<Line>, packages: Vec<Package>) -> Result<Order> {
        Ok(Order {
            id: self.id,
            shop_id: self.shop_id,
            number: self.number,
            customer_id: self.customer_id,
            customer_name: self.customer_name,
            conversation_id: self.conversation_id,
            card_number: self.card_number,
            source: self.source,
            state: word(&self.state)?,
            payment_status: word(&self.payment_status)?,
            terms: word(&self.terms)?,
            delivery_method: word(&self.delivery_method)?,
            currency: self.currency,
            goods: self.goods,
            freight: self.freight,
            discount: self.discount,
            total: self.total,
            paid: self.paid,
            refunded: self.refunded,
            extra: self.extra,
            revision: self.revision,
            hash: hex::encode(self.hash),
            version: self.version,
            requests: self.requests,
            remark: self.remark,
            expected_at: self.expected_at.map(SqlTimestamp::to_jiff),
            policy: self.policy,
            policy_version: self.policy_version,
            pickup_code: self.pickup_code,
            person: self.person,
            owner_id: self.owner_id,
            owner_name: self.owner_name,
            abnormal: self.abnormal,
            follow_up_at: self.follow_up_at.map(SqlTimestamp::to_jiff),
            pay_by: self.pay_by.map(SqlTimestamp::to_jiff),
            receive_by: self.receive_by.map(SqlTimestamp::to_jiff),
            extended: self.extended,
            placed_at: self.placed_at.map(SqlTimestamp::to_jiff),
            paid_at: self.paid_at.map(SqlTimestamp::to_jiff),
            payment_method: self.payment_method,
            accepted_at: self.accepted_at.map(SqlTimestamp::to_jiff),
            shipped_at: self.shipped_at.map(SqlTimestamp::to_jiff),
            completed_at: self.completed_at.map(SqlTimestamp::to_jiff),
            cancelled_at: self.cancelled_at.map(SqlTimestamp::to_jiff),
            created_at: self.created_at.to_jiff(),
            lines,
            packages,
        })
    }
}

/// The order with its row locked until the work ends; `None`: the shop has no such order.
pub(super) async fn lock(tx: &mut Tx, order: OrderId) -> Result<Option<Order>> {
    let shop = tx.shop()?;
    let locked = sqlx::query_scalar!(
        "select 1 from orders where shop_id = $1 and id = $2 for no key update",
        shop.0,
        order.0
    )
    .fetch_optional(tx.sql())
    .await?;
    match locked {
        Some(_) => Ok(orders(tx, &[order]).await?.pop()),
        None => Ok(None),
    }
}

/// These orders of the shop, in this order.
pub(super) async fn orders(tx: &mut Tx, ids: &[OrderId]) -> Result<Vec<Order>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let shop = tx.shop_if_any().map(|shop| shop.0);
    let rows = sqlx::query_as!(
        Row,
        r#"
        select o.id as "id: OrderId", o.shop_id as "shop_id: ShopId", o.number, o.customer_id as "customer_id: UserId",
          c.name as customer_name, o.conversation_id as "conversation_id: ConversationId", o.card_number, o.source, o.state,
          o.payment_status, o.terms, o.delivery_method, o.currency, o.goods as "goods: Money", o.freight as "freight: Money",
          o.discount as "discount: Money", o.total as "total: Money", o.paid as "paid: Money", o.refunded as "refunded: Money",
          o.extra as "extra: Money",
          o.revision, o.hash, o.version, o.requests, o.remark, o.expected_at as "expected_at: SqlTimestamp", o.policy,
          o.policy_version, o.pickup_code, o.person, o.owner_id as "owner_id: UserId", w.name as "owner_name?", o.abnormal,
          o.follow_up_at as "follow_up_at: SqlTimestamp", o.pay_by as "pay_by: SqlTimestamp",
          o.receive_by as "receive_by: SqlTimestamp", o.extended, o.placed_at as "placed_at: SqlTimestamp",
          o.paid_at as "paid_at: SqlTimestamp", o.payment_method, o.accepted_at as "accepted_at: SqlTimestamp",
          o.shipped_at as "shipped_at: SqlTimestamp", o.completed_at as "completed_at: SqlTimestamp",
          o.cancelled_at as "cancelled_at: SqlTimestamp", o.created_at as "created_at: SqlTimestamp"
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join orders o on o.id = wanted.id and ($2::uuid is null or o.shop_id = $2)
        join users c on c.id = o.customer_id
        left join users w on w.id = o.owner_id
        order by wanted.place
        "#,
        &ids,
        shop,
    )
    .fetch_all(tx.sql())
    .await?;
    let mut lines = lines(tx, &ids).await?;
    let mut packages = packages(tx, &ids).await?;
    let orders = rows.into_iter().map(|row| {
        let (lines, packages) = (lines.remove(&row.id), packages.remove(&row.id));
        row.order(lines.unwrap_or_default(), packages.unwrap_or_default())
    });
    orders.collect()
}

async fn lines(tx: &mut Tx, orders: &[Uuid]) -> Result<HashMap<OrderId, Vec<Line>>> {
    let rows = sqlx::query!(
        r#"
        select order_id, line, product_id, variant_id, bundle_id, title, choice, units, list_price, price, total, discount,
          shipped, refunded, dropped, case_id, short, short_reason
        from order_lines
        where order_id = any ($1)
        order by order_id, line
        "#,
        orders,
    )
    .fetch_all(tx.sql())
    .await?;
    let mut of: HashMap<OrderId, Vec<Line>> = HashMap::new();
    for row in rows {
        of.entry(OrderId(row.order_id)).or_default().push(Line {
            line: row.line,
            product_id: crate::id::ProductId(row.product_id),
            variant_id: crate::id::VariantId(row.variant_id),
            bundle_id: row.bundle_id.map(crate::id::BundleId),
            title: row.title,
            choice: row.choice,
            units: row.units,
            list_price: Money::minor(row.list_price),
            price: Money::minor(row.price),
            total: Money::minor(row.total),
            discount: Money::minor(row.discount),
            shipped: row.shipped,
            refunded: row.refunded,
            dropped: row.dropped,
            case_id: row.case_id.map(crate::id::CaseId),
            short: row.short,
            short_reason: row.short_reason,
        });
    }
    Ok(of)
}

async fn packages(tx: &mut Tx, orders: &[Uuid]) -> Result<HashMap<OrderId, Vec<Package>>> {
    let rows = sqlx::query!(
        r#"
        select order_id, carrier, tracking_number, units, shipped_at as "shipped_at: SqlTimestamp"
        from packages
        where order_id = any ($1)
        order by order_id, shipped_at, id
        "#,
        orders,
    )
    .fetch_all(tx.sql())
    .await?;
    let mut of: HashMap<OrderId, Vec<Package>> = HashMap::new();
    for row in rows {
        of.entry(OrderId(row.order_id)).or_default().push(Package {
            carrier: row.carrier,
            tracking_number: row.tracking_number,
            units: Vec::<LineUnits>::deserialize(row.units).map_err(anyhow::Error::from)?,
            shipped_at: row.shipped_at.to_jiff(),
        });
    }
    Ok(of)
}

/// The shop of a customer's order, if it is theirs.
pub(super) async fn shop_of(
    pool: &PgPool,
    customer: UserId,
    order: OrderId,
) -> Result<Option<ShopId>> {
    let shop = sqlx::query_scalar!(
        r#"select shop_id as "shop_id: ShopId" from orders where customer_id = $1 and id = $2"#,
        customer.0,
        order.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(shop)
}

/// The next number of the shop's day. Its row stays locked until the work ends, so numbers have no gaps.
pub(super) async fn next_number(tx: &mut Tx, now: Timestamp) -> Result<(String, i64)> {
    let shop = tx.shop()?;
    let next = sqlx::query!(
        r#"
        insert into order_days as d (shop_id, day, last)
        select id, ($2::timestamptz at time zone time_zone)::date, 1
        from shops
        where id = $1
        on conflict (shop_id, day) do update
        set last = d.last + 1
        returning to_char(day, 'YYYYMMDD') as "day!", last
        "#,
        shop.0,
        now.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok((next.day, next.last))
}

/// A new order with its lines and its sealed recipient.
pub(super) async fn add(
    tx: &mut Tx,
    order: &Order,
    by: UserId,
    (sealed, phone_index): &(String, Option<Vec<u8>>),
) -> Result<()> {
    sqlx::query!(
        "
        insert into orders (id, shop_id, number, customer_id, conversation_id, card_number, source, state, payment_status, terms,
          delivery_method, currency, goods, freight, discount, total, hash, requests, policy, policy_version, created_by, created_at,
          version, expected_at, placed_at, pay_by, recipient, phone_index)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
          $26, $27, $28)
        ",
        order.id.0,
        tx.shop()?.0,
        order.number,
        order.customer_id.0,
        order.conversation_id.0,
        order.card_number,
        order.source,
        order.state.word(),
        order.payment_status.word(),
        order.terms.word(),
        order.delivery_method.word(),
        order.currency,
        order.goods.in_minor(),
        order.freight.in_minor(),
        order.discount.in_minor(),
        order.total.in_minor(),
        hash(order),
        order.requests,
        order.policy,
        order.policy_version,
        by.0,
        order.created_at.to_sqlx() as _,
        order.version,
        order.expected_at.map(ToSqlx::to_sqlx) as _,
        order.placed_at.map(ToSqlx::to_sqlx) as _,
        order.pay_by.map(ToSqlx::to_sqlx) as _,
        sealed,
        phone_index.as_deref(),
    )
    .execute(tx.sql())
    .await?;
    add_lines(tx, order).await
}

fn hash(order: &Order) -> Vec<u8> {
    hex::decode(&order.hash).unwrap_or_default()
}

async fn add_lines(tx: &mut Tx, order: &Order) -> Result<()> {
    let shop = tx.shop()?;
    let lines = &order.lines;
    let choices: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| line.choice.clone().into())
        .collect();
    sqlx::query!(
        "
        insert into order_lines (order_id, line, shop_id, product_id, variant_id, bundle_id, title, choice, units, list_price, price, total,
          discount)
        select $1, l.line, $2, l.product_id, l.variant_id, l.bundle_id, l.title,
          array(select jsonb_array_elements_text(l.choice)), l.units, l.list_price, l.price, l.total, l.discount
        from unnest($3::smallint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::jsonb[], $9::integer[], $10::bigint[],
          $11::bigint[], $12::bigint[], $13::bigint[])
          as l (line, product_id, variant_id, bundle_id, title, choice, units, list_price, price, total, discount)
        ",
        order.id.0,
        shop.0,
        &lines.iter().map(|line| line.line).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.product_id.0).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.variant_id.0).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.bundle_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &lines.iter().map(|line| line.title.clone()).collect::<Vec<_>>(),
        &choices,
        &lines.iter().map(|line| line.units).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.list_price.in_minor()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.price.in_minor()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.total.in_minor()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.discount.in_minor()).collect::<Vec<_>>(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Other lines in the place of those that were agreed before.
pub(super) async fn replace_lines(tx: &mut Tx, order: &Order) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "delete from order_lines where order_id = $1 and shop_id = $2",
        order.id.0,
        shop.0
    )
    .execute(tx.sql())
    .await?;
    add_lines(tx, order).await
}

/// Everything of an order that changes in its life. The caller holds its lock.
pub(super) async fn save(tx: &mut Tx, order: &Order) -> Result<()> {
    sqlx::query!(
        "
        update orders
        set number = $3, state = $4, payment_status = $5, terms = $6, delivery_method = $7, goods = $8, freight = $9, discount = $10,
          total = $11, paid = $12, refunded = $13, revision = $14, hash = $15, version = $16, requests = $17, remark = $18,
          expected_at = $19, pickup_code = $20, person = $21, owner_id = $22, abnormal = $23, follow_up_at = $24, pay_by = $25,
          receive_by = $26, extended = $27, placed_at = $28, paid_at = $29, payment_method = $30, accepted_at = $31,
          shipped_at = $32, completed_at = $33, cancelled_at = $34, card_number = $35, policy = $36, policy_version = $37,
          extra = $38
        where shop_id = $1 and id = $2
        ",
        tx.shop()?.0,
        order.id.0,
        order.number,
        order.state.word(),
        order.payment_status.word(),
        order.terms.word(),
        order.delivery_method.word(),
        order.goods.in_minor(),
        order.freight.in_minor(),
        order.discount.in_minor(),
        order.total.in_minor(),
        order.paid.in_minor(),
        order.refunded.in_minor(),
        order.revision,
        hash(order),
        order.version,
        order.requests,
        order.remark,
        order.expected_at.map(ToSqlx::to_sqlx) as _,
        order.pickup_code,
        order.person,
        order.owner_id.map(|id| id.0),
        order.abnormal,
        order.follow_up_at.map(ToSqlx::to_sqlx) as _,
        order.pay_by.map(ToSqlx::to_sqlx) as _,
        order.receive_by.map(ToSqlx::to_sqlx) as _,
        order.extended,
        order.placed_at.map(ToSqlx::to_sqlx) as _,
        order.paid_at.map(ToSqlx::to_sqlx) as _,
        order.payment_method,
        order.accepted_at.map(ToSqlx::to_sqlx) as _,
        order.shipped_at.map(ToSqlx::to_sqlx) as _,
        order.completed_at.map(ToSqlx::to_sqlx) as _,
        order.cancelled_at.map(ToSqlx::to_sqlx) as _,
        order.card_number,
        order.policy,
        order.policy_version,
        order.extra.in_minor(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Where the lines stand.
pub(super) async fn save_lines(tx: &mut Tx, order: &Order) -> Result<()> {
    let shop = tx.shop()?;
    let lines = &order.lines;
    sqlx::query!(
        "
        update order_lines o
        set shipped = l.shipped, refunded = l.refunded, dropped = l.dropped, short_reason = l.short_reason, case_id = l.case_id,
          short = l.short
        from unnest($3::smallint[], $4::integer[], $5::integer[], $6::integer[], $7::text[], $8::uuid[], $9::integer[])
          as l (line, shipped, refunded, dropped, short_reason, case_id, short)
        where o.shop_id = $1 and o.order_id = $2 and o.line = l.line
        ",
        shop.0,
        order.id.0,
        &lines.iter().map(|line| line.line).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.shipped).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.refunded).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.dropped).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.short_reason.clone()).collect::<Vec<_>>() as &[Option<String>],
        &lines.iter().map(|line| line.case_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &lines.iter().map(|line| line.short).collect::<Vec<_>>(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The recipient, sealed, and the phone's index.
pub(super) async fn set_recipient(
    tx: &mut Tx,
    order: OrderId,
    sealed: &str,
    index: Option<&[u8]>,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update orders set recipient = $3, phone_index = $4 where shop_id = $1 and id = $2",
        shop.0,
        order.0,
        sealed,
        index
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The sealed recipient of an order.
pub(super) async fn recipient(tx: &mut Tx, order: OrderId) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let sealed = sqlx::query_scalar!(
        "select recipient from orders where shop_id = $1 and id = $2",
        shop.0,
        order.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(sealed.flatten())
}

/// Orders whose recipients are sealed with another key than the one of this mark, of all shops.
pub(super) async fn sealed_otherwise(
    pool: &PgPool,
    mark: &str,
    most: i64,
) -> Result<Vec<(ShopId, OrderId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "order: OrderId"
        from orders
        where recipient is not null and not starts_with(recipient, $1)
        limit $2
        "#,
        mark,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.order)).collect())
}

/// The newest order of this customer in the shop with a recipient, and that one, sealed (ORD-03).
pub(super) async fn last_recipient(
    tx: &mut Tx,
    customer: UserId,
) -> Result<Option<(OrderId, String)>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select id as "id: OrderId", recipient as "recipient!"
        from orders
        where customer_id = $2 and shop_id = $1 and recipient is not null
        order by id desc
        limit 1
        "#,
        shop.0,
        customer.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| (row.id, row.recipient)))
}

/// The customer of a conversation with the shop, their name and phone.
pub(super) async fn customer_of(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<Option<(UserId, String, Option<String>)>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select u.id as "id: UserId", u.name, u.phone
        from conversations c
        join users u on u.id = c.person_a
        where c.id = $2 and c.shop_id = $1 and c.kind = 'shop'
        "#,
        shop.0,
        conversation.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| (row.id, row.name, row.phone)))
}

/// A parcel that leaves. `false`: the order has one with this number already.
pub(super) async fn add_package(
    tx: &mut Tx,
    order: OrderId,
    package: &Package,
    by: UserId,
) -> Result<bool> {
    let shop = tx.shop()?;
    let units = serde_json::to_value(&package.units).map_err(anyhow::Error::from)?;
    let added = sqlx::query!(
        "
        insert into packages (id, shop_id, order_id, carrier, tracking_number, units, shipped_by, shipped_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict on constraint packages_number_taken do nothing
        ",
        PackageId::new().0,
        shop.0,
        order.0,
        package.carrier,
        package.tracking_number,
        units,
        by.0,
        package.shipped_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Takes an order for somebody, if nobody has it. Gives who has it now.
pub(super) async fn claim(tx: &mut Tx, order: OrderId, by: UserId) -> Result<Option<UserId>> {
    let shop = tx.shop()?;
    let owner = sqlx::query_scalar!(
        r#"
        update orders
        set owner_id = coalesce(owner_id, $3)
        where shop_id = $1 and id = $2
        returning owner_id as "owner_id!: UserId"
        "#,
        shop.0,
        order.0,
        by.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(owner)
}

/// How many orders wait to be accepted (ALRT-05).
pub(super) async fn waiting(tx: &mut Tx) -> Result<i64> {
    let shop = tx.shop()?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from orders where shop_id = $1 and state = 'pending_acceptance'"#,
        shop.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(count)
}
