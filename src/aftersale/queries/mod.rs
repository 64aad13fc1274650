//! Every statement about cases.

pub(super) mod books;
mod list;
mod rules;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
pub(super) use list::*;
use proto::{CaseState, json::Word};
pub(super) use rules::*;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Case, CaseLine, show::Entry, step::Done};
use crate::{
    error::Result,
    id::{CaseId, ConversationId, FileId, OrderId, ShopId, UserId},
    money::Money,
    store::Tx,
};

/// The row of a case, with what it shows of its order and its customer.
struct Row {
    id: CaseId,
    shop_id: ShopId,
    order_id: OrderId,
    order_number: String,
    customer_id: UserId,
    customer_name: String,
    conversation_id: ConversationId,
    card_number: i64,
    kind: String,
    state: String,
    sent: bool,
    currency: String,
    amount: Money,
    reason: String,
    pictures: Vec<Uuid>,
    by_staff: bool,
    started_by: UserId,
    outside_policy: bool,
    decided_by: Option<UserId>,
    decided_at: Option<SqlTimestamp>,
    answer: String,
    answer_pictures: Vec<Uuid>,
    return_carrier: String,
    return_number: String,
    replacement_carrier: String,
    replacement_number: String,
    version: i32,
    created_at: SqlTimestamp,
}

/// A word of the contract that the database holds.
fn word<W: Word>(text: &str) -> Result<W> {
    Ok(W::from_word(text).ok_or_else(|| anyhow::anyhow!("`{text}` is no word of the contract"))?)
}

fn files(ids: Vec<Uuid>) -> Vec<FileId> {
    ids.into_iter().map(FileId).collect()
}

impl Row {
    fn case(self, lines: Vec<CaseLine>) -> Result<Case> {
        Ok(Case {
            id: self.id,
            shop_id: self.shop_id,
            order_id: self.order_id,
            order_number: self.order_number,
            customer_id: self.customer_id,
            customer_name: self.customer_name,
            conversation_id: self.conversation_id,
            card_number: self.card_number,
            kind: word(&self.kind)?,
            state: word(&self.state)?,
            sent: self.sent,
            lines,
            currency: self.currency,
            amount: self.amount,
            reason: self.reason,
            pictures: files(self.pictures),
            by_staff: self.by_staff,
            started_by: self.started_by,
            outside_policy: self.outside_policy,
            decided_by: self.decided_by,
            decided_at: self.decided_at.map(SqlTimestamp::to_jiff),
            answer: self.answer,
            answer_pictures: files(self.answer_pictures),
            return_carrier: self.return_carrier,
            return_number: self.return_number,
            replacement_carrier: self.replacement_carrier,
            replacement_number: self.replacement_number,
            version: self.version,
            created_at: self.created_at.to_jiff(),
        })
    }
}

/// The case with its row locked until the work ends; `None`: the shop has no such case. The caller holds its order.
pub(super) async fn lock(tx: &mut Tx, case: CaseId) -> Result<Option<Case>> {
    let shop = tx.shop()?;
    let locked = sqlx::query_scalar!(
        "select 1 from cases where shop_id = $1 and id = $2 for no key update",
        shop.0,
        case.0
    )
    .fetch_optional(tx.sql())
    .await?;
    match locked {
        Some(_) => Ok(cases(tx, &[case]).await?.pop()),
        None => Ok(None),
    }
}

/// These cases of the shop (or, in work about people, of any), in this order.
pub(super) async fn cases(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<Case>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let shop = tx.shop_if_any().map(|shop| shop.0);
    let rows = sqlx::query_as!(
        Row,
        r#"
        select c.id as "id: CaseId", c.shop_id as "shop_id: ShopId", c.order_id as "order_id: OrderId",
          coalesce(o.number, '') as "order_number!", c.customer_id as "customer_id: UserId", u.name as customer_name,
          c.conversation_id as "conversation_id: ConversationId", c.card_number, c.kind, c.state, c.sent, o.currency,
          c.amount as "amount: Money", c.reason, c.pictures, c.by_staff, c.started_by as "started_by: UserId", c.outside_policy,
          c.decided_by as "decided_by: UserId", c.decided_at as "decided_at: SqlTimestamp", c.answer, c.answer_pictures,
          c.return_carrier, c.return_number, c.replacement_carrier, c.replacement_number, c.version,
          c.created_at as "created_at: SqlTimestamp"
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join cases c on c.id = wanted.id and ($2::uuid is null or c.shop_id = $2)
        join orders o on o.id = c.order_id
        join users u on u.id = c.customer_id
        order by wanted.place
        "#,
        &ids,
        shop,
    )
    .fetch_all(tx.sql())
    .await?;
    let mut lines = lines(tx, &ids).await?;
    let cases = rows.into_iter().map(|row| {
        let lines = lines.remove(&row.id);
        row.case(lines.unwrap_or_default())
    });
    cases.collect()
}

async fn lines(tx: &mut Tx, cases: &[Uuid]) -> Result<HashMap<CaseId, Vec<CaseLine>>> {
    let rows = sqlx::query!(
        r#"
        select l.case_id as "case_id: CaseId", l.line, l.units, o.title, o.choice
        from case_lines l
        join cases c on c.id = l.case_id
        join order_lines o on o.order_id = c.order_id and o.line = l.line
        where l.case_id = any ($1)
        order by l.case_id, l.line
        "#,
        cases,
    )
    .fetch_all(tx.sql())
    .await?;
    let mut of: HashMap<CaseId, Vec<CaseLine>> = HashMap::new();
    for row in rows {
        of.entry(row.case_id).or_default().push(CaseLine {
            line: row.line,
            units: row.units.unsigned_abs(),
            title: row.title,
            choice: row.choice,
        });
    }
    Ok(of)
}

/// The order that a case of the shop is about.
pub(super) async fn order_of(tx: &mut Tx, case: CaseId) -> Result<Option<OrderId>> {
    let shop = tx.shop()?;
    let order = sqlx::query_scalar!(
        r#"select order_id as "order_id: OrderId" from cases where shop_id = $1 and id = $2"#,
        shop.0,
        case.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(order)
}

/// The shop of a customer's case, if it is theirs.
pub(super) async fn shop_of(
    pool: &PgPool,
    customer: UserId,
    case: CaseId,
) -> Result<Option<ShopId>> {
    let shop = sqlx::query_scalar!(
        r#"select shop_id as "shop_id: ShopId" from cases where customer_id = $1 and id = $2"#,
        customer.0,
        case.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(shop)
}

fn ids(files: &[FileId]) -> Vec<Uuid> {
    files.iter().map(|file| file.0).collect()
}

/// A new case with its lines.
pub(super) async fn add(tx: &mut Tx, case: &Case) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into cases (id, shop_id, order_id, customer_id, conversation_id, card_number, kind, state, sent, amount, reason, pictures,
          by_staff, started_by, outside_policy, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ",
        case.id.0,
        shop.0,
        case.order_id.0,
        case.customer_id.0,
        case.conversation_id.0,
        case.card_number,
        case.kind.word(),
        case.state.word(),
        case.sent,
        case.amount.in_minor(),
        case.reason,
        &ids(&case.pictures),
        case.by_staff,
        case.started_by.0,
        case.outside_policy,
        case.created_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!(
        "
        insert into case_lines (case_id, line, shop_id, units)
        select $1, l.line, $2, l.units
        from unnest($3::smallint[], $4::integer[]) as l (line, units)
        ",
        case.id.0,
        shop.0,
        &case.lines.iter().map(|line| line.line).collect::<Vec<_>>(),
        &case
            .lines
            .iter()
            .map(|line| line.units.cast_signed())
            .collect::<Vec<_>>(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Everything of a case that changes in its life. The caller holds its lock.
pub(super) async fn save(tx: &mut Tx, case: &Case) -> Result<()> {
    sqlx::query!(
        "
        update cases
        set state = $3, amount = $4, decided_by = $5, decided_at = $6, answer = $7, answer_pictures = $8, return_carrier = $9,
          return_number = $10, replacement_carrier = $11, replacement_number = $12, version = $13
        where shop_id = $1 and id = $2
        ",
        tx.shop()?.0,
        case.id.0,
        case.state.word(),
        case.amount.in_minor(),
        case.decided_by.map(|id| id.0),
        case.decided_at.map(Timestamp::to_sqlx) as _,
        case.answer,
        &ids(&case.answer_pictures),
        case.return_carrier,
        case.return_number,
        case.replacement_carrier,
        case.replacement_number,
        case.version,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// One more entry of the history.
pub(super) async fn note(
    tx: &mut Tx,
    case: &Case,
    was: Option<CaseState>,
    done: &Done<'_>,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into case_events (shop_id, case_id, version, deed, state_before, state, actor_id, actor_kind, remark, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ",
        shop.0,
        case.id.0,
        case.version,
        done.deed.word(),
        was.map(Word::word),
        case.state.word(),
        done.by.id.map(|id| id.0),
        done.by.party.word(),
        done.remark,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The history of a case, the oldest first.
pub(super) async fn timeline(tx: &mut Tx, case: CaseId) -> Result<Vec<Entry>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select e.version, e.deed, e.state_before, e.state, e.actor_id as "actor_id: UserId", u.name as "actor_name?", e.actor_kind,
          e.remark, e.at as "at: SqlTimestamp"
        from case_events e
        left join users u on u.id = e.actor_id
        where e.shop_id = $1 and e.case_id = $2
        order by e.version
        "#,
        shop.0,
        case.0
    )
    .fetch_all(tx.sql())
    .await?;
    let entries = rows.into_iter().map(|row| Entry {
        version: row.version,
        deed: row.deed,
        state_before: row.state_before,
        state: row.state,
        actor_id: row.actor_id,
        actor_name: row.actor_name,
        actor_kind: row.actor_kind,
        remark: row.remark,
        at: row.at.to_jiff(),
    });
    Ok(entries.collect())
}
