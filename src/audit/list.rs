//! Read a shop's record, the newest first.

use serde::Serialize;
use serde_json::Value;

use super::queries;
use crate::{
    actor::{SeeAudit, Staff},
    app::App,
    error::Result,
    id::UserId,
    store::page,
};

/// Rows are numbered as they are written.
pub type RowId = i64;

/// Who did what, when, and how it was before and after.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Row {
    /// Its number; others' rows lie in between.
    pub id: RowId,
    /// Who.
    pub actor_id: UserId,
    /// Their name now.
    pub actor_name: String,
    /// What, e.g. `staff.changed`.
    pub action: String,
    /// The id of what it was done to.
    pub target: String,
    /// As it was; null for what is new.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// As it is; null for what is gone.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// Rows, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditPage {
    /// The newest first.
    pub entries: Vec<Row>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// A page of the record. Refuses a bad cursor or limit (1 to 200, 0 means 50) with `invalid_argument`.
pub async fn list(app: &App, by: &Staff<SeeAudit>, cursor: &str, limit: u32) -> Result<AuditPage> {
    let limit = page::limit(limit, 50, 200)?;
    let before: Option<RowId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let before = before.unwrap_or(RowId::MAX);
    let mut entries = queries::page(&mut tx, before, limit + 1).await?;
    let next_cursor = page::next(&mut entries, limit, |last| last.id);
    Ok(AuditPage {
        entries,
        next_cursor,
    })
}
