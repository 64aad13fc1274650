//! Every statement about shortages.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use proto::json::Word;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Shortage, reasons::ReasonCount};
use crate::{
    error::Result,
    id::{CaseId, OrderId, ShopId, ShortageId, UserId, VariantId},
    store::Tx,
};

/// A shortage as it lies there.
struct Row {
    id: ShortageId,
    order_id: OrderId,
    line: i16,
    variant_id: VariantId,
    title: String,
    choice: Vec<String>,
    units: i32,
    arrived: i32,
    reason: String,
    remark: String,
    offers: Value,
    state: String,
    card_number: i64,
    marked_by: UserId,
    marked_at: SqlTimestamp,
    chosen: Option<String>,
    taken: Option<VariantId>,
    chosen_by: Option<UserId>,
    chosen_at: Option<SqlTimestamp>,
    case_id: Option<CaseId>,
}

/// A word of the contract that the database holds.
fn word<W: Word>(text: &str) -> Result<W> {
    Ok(W::from_word(text).ok_or_else(|| anyhow::anyhow!("`{text}` is no word of the contract"))?)
}

impl Row {
    fn shortage(self) -> Result<Shortage> {
        Ok(Shortage {
            id: self.id,
            order_id: self.order_id,
            line: self.line,
            variant_id: self.variant_id,
            title: self.title,
            choice: self.choice,
            units: self.units.unsigned_abs(),
            arrived: self.arrived.unsigned_abs(),
            reason: Some(word(&self.reason)?),
            remark: self.remark,
            offers: serde_json::from_value(self.offers).map_err(anyhow::Error::from)?,
            state: word(&self.state)?,
            card_number: self.card_number,
            marked_by: self.marked_by,
            marked_at: self.marked_at.to_jiff(),
            chosen: self.chosen.as_deref().map(word).transpose()?,
            taken: self.taken,
            chosen_by: self.chosen_by,
            chosen_at: self.chosen_at.map(SqlTimestamp::to_jiff),
            case_id: self.case_id,
        })
    }
}

/// A new one.
pub(super) async fn add(tx: &mut Tx, shortage: &Shortage) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into shortages (id, shop_id, order_id, line, variant_id, units, reason, remark, offers, state, card_number, marked_by,
          marked_at, title, choice)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ",
        shortage.id.0,
        shop.0,
        shortage.order_id.0,
        shortage.line,
        shortage.variant_id.0,
        shortage.units.cast_signed(),
        shortage.reason.map(Word::word).unwrap_or_default(),
        shortage.remark,
        json!(shortage.offers),
        shortage.state.word(),
        shortage.card_number,
        shortage.marked_by.0,
        shortage.marked_at.to_sqlx() as _,
        shortage.title,
        &shortage.choice,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Where it stands. The caller holds its order.
pub(super) async fn save(tx: &mut Tx, shortage: &Shortage) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update shortages
        set arrived = $3, state = $4, chosen = $5, taken = $6, chosen_by = $7, chosen_at = $8, case_id = $9
        where shop_id = $1 and id = $2
        ",
        shop.0,
        shortage.id.0,
        shortage.arrived.cast_signed(),
        shortage.state.word(),
        shortage.chosen.map(Word::word),
        shortage.taken.map(|id| id.0),
        shortage.chosen_by.map(|id| id.0),
        shortage.chosen_at.map(Timestamp::to_sqlx) as _,
        shortage.case_id.map(|id| id.0),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The shop of a shortage of a customer's order, if it is theirs.
pub(super) async fn shop_of(
    pool: &PgPool,
    customer: UserId,
    shortage: ShortageId,
) -> Result<Option<ShopId>> {
    let shop = sqlx::query_scalar!(
        r#"
        select o.shop_id as "shop: ShopId"
        from shortages s
        join orders o on o.id = s.order_id
        where s.id = $2 and o.customer_id = $1
        "#,
        customer.0,
        shortage.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(shop)
}

/// The order of a shortage.
pub(super) async fn order_of(tx: &mut Tx, shortage: ShortageId) -> Result<Option<OrderId>> {
    let shop = tx.shop()?;
    let order = sqlx::query_scalar!(
        r#"select order_id as "order: OrderId" from shortages where shop_id = $1 and id = $2"#,
        shop.0,
        shortage.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(order)
}

/// A shortage. Whoever changes it holds its order.
pub(super) async fn one(tx: &mut Tx, shortage: ShortageId) -> Result<Option<Shortage>> {
    Ok(some(tx, &[shortage.0], &[]).await?.pop())
}

/// All of an order, the oldest first.
pub(super) async fn of_order(tx: &mut Tx, order: OrderId) -> Result<Vec<Shortage>> {
    some(tx, &[], &[order.0]).await
}

/// Those with these ids, and those of these orders, the oldest first.
async fn some(tx: &mut Tx, ids: &[Uuid], orders: &[Uuid]) -> Result<Vec<Shortage>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: ShortageId", order_id as "order_id: OrderId", line, variant_id as "variant_id: VariantId", title, choice,
          units, arrived, reason, remark, offers, state, card_number, marked_by as "marked_by: UserId",
          marked_at as "marked_at: SqlTimestamp", chosen,
          taken as "taken: VariantId", chosen_by as "chosen_by: UserId", chosen_at as "chosen_at: SqlTimestamp",
          case_id as "case_id: CaseId"
        from shortages
        where shop_id = $1 and (id = any ($2) or order_id = any ($3))
        order by id
        "#,
        shop.0,
        ids,
        orders,
    )
    .fetch_all(tx.sql())
    .await?;
    rows.into_iter().map(Row::shortage).collect()
}

/// Orders of which units of this variant are short, the oldest first. They are not locked by this.
pub(super) async fn waiting(tx: &mut Tx, variant: VariantId, most: i64) -> Result<Vec<OrderId>> {
    let shop = tx.shop()?;
    let orders = sqlx::query_scalar!(
        r#"
        select distinct order_id as "order: OrderId"
        from shortages
        where shop_id = $1 and variant_id = $2 and state in ('offered', 'waiting')
        order by order_id
        limit $3
        "#,
        shop.0,
        variant.0,
        most,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(orders)
}

/// What is short of a variant in these orders, which the caller holds, the oldest order first.
pub(super) async fn open_of(
    tx: &mut Tx,
    variant: VariantId,
    orders: &[OrderId],
) -> Result<Vec<Shortage>> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let mut shortages = some(tx, &[], &orders).await?;
    shortages.retain(|one| one.variant_id == variant && !one.may().is_empty());
    shortages.sort_by_key(|one| (one.order_id, one.id));
    Ok(shortages)
}

/// How often goods were not there for each reason.
pub(super) async fn reasons(
    tx: &mut Tx,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<ReasonCount>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select reason, count(*) as "shortages!", sum(units) as "units!", count(*) filter (where state = 'refunded') as "refunded!",
          count(*) filter (where state = 'replaced') as "replaced!", count(*) filter (where state = 'arrived') as "arrived!"
        from shortages
        where shop_id = $1 and marked_at >= $2 and marked_at < $3
        group by reason
        order by count(*) desc, reason
        "#,
        shop.0,
        from.to_sqlx() as _,
        to.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await?;
    let counts = rows.into_iter().map(|row| {
        Ok(ReasonCount {
            reason: word(&row.reason)?,
            shortages: row.shortages,
            units: row.units,
            refunded: row.refunded,
            replaced: row.replaced,
            arrived: row.arrived,
        })
    });
    counts.collect()
}

/// Lines whose short units are not those of their open shortage.
pub(super) async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select l.order_id, l.line, l.short, coalesce(s.missing, 0)::bigint as "missing!"
        from order_lines l
        left join (
          select order_id, line, sum(units - arrived) as missing
          from shortages
          where state in ('offered', 'waiting')
          group by order_id, line
        ) s on s.order_id = l.order_id and s.line = l.line
        where l.short <> coalesce(s.missing, 0)
        order by l.order_id, l.line
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "order {} line {}: {} units short, its open shortages are {}",
            row.order_id, row.line, row.short, row.missing
        )
    });
    Ok(said.collect())
}
