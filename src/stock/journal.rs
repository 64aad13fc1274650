//! Read what has moved.

use serde::Serialize;

use super::{Level, queries};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    error::{Refusal, Result},
    id::{HolderId, UserId, VariantId},
    store::page,
};

/// A row of the journal.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Movement {
    /// Its number; others' rows lie in between.
    pub id: i64,
    /// `received`, `written_off`, `counted`, `held`, `released`, `taken` or `put_back`.
    pub kind: String,
    /// How many moved; of `counted`: how many more than were known, or below zero fewer.
    pub units: i64,
    /// The order or exchange, if one is concerned.
    pub holder_id: Option<HolderId>,
    /// Who; null: the system.
    pub actor_id: Option<UserId>,
    /// What they noted.
    pub note: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// A variant's level, its journal, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MovementPage {
    /// How much there is now.
    pub level: Level,
    /// The newest first.
    pub movements: Vec<Movement>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// A page of a variant's journal. Refuses with `not_found`, and a bad cursor or limit (1 to 200, 0 means 50) with
/// `invalid_argument`.
pub async fn journal(
    app: &App,
    by: &Staff<ManageProducts>,
    variant: VariantId,
    cursor: &str,
    limit: u32,
) -> Result<MovementPage> {
    let limit = page::limit(limit, 50, 200)?;
    let before: Option<i64> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let level = queries::level(&mut tx, variant)
        .await?
        .ok_or(Refusal::NotFound)?;
    let before = before.unwrap_or(i64::MAX);
    let mut movements = queries::movements(&mut tx, variant, before, limit + 1).await?;
    let next_cursor = page::next(&mut movements, limit, |last| last.id);
    Ok(MovementPage {
        level,
        movements,
        next_cursor,
    })
}
