//! Lists of cases: the shop's, those that wait for its staff, and a customer's own.

use proto::{CaseState, json::Word as _};
use serde::Serialize;

use super::{Case, queries};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::{Result, refused_argument},
    id::{CaseId, OrderId},
    store::page,
};

/// Cases, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CasePage {
    /// The newest first.
    pub cases: Vec<Case>,
    /// Empty on the last page.
    pub next_cursor: String,
    /// How many wait to be decided (ALRT-05); of one's own, 0.
    pub pending: i64,
}

/// Which cases.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A state, e.g. `pending_review`; empty: all.
    pub state: String,
    /// Of this order.
    pub order: Option<OrderId>,
}

/// A page of the shop's cases. Refuses with `invalid_argument`.
pub async fn of_shop(
    app: &App,
    by: &Staff<ManageOrders>,
    wanted: &Wanted,
    cursor: &str,
    limit: u32,
) -> Result<CasePage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<CaseId> = page::after(cursor)?;
    let states = covered(&wanted.state)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut ids = queries::page_of_shop(&mut tx, &states, wanted.order, before, limit + 1).await?;
    let next_cursor = page::next(&mut ids, limit, |last| *last);
    let pending = queries::pending_in(&mut tx, &[by.shop]).await?;
    Ok(CasePage {
        cases: queries::cases(&mut tx, &ids).await?,
        next_cursor,
        pending: pending.first().map_or(0, |(_, pending)| *pending),
    })
}

fn covered(state: &str) -> Result<Vec<String>> {
    match CaseState::from_word(state) {
        _ if state.is_empty() => Ok(vec![]),
        Some(known) if known != CaseState::Unspecified => Ok(vec![known.word()]),
        _ => Err(refused_argument("state", "is no state of cases")),
    }
}

/// A page of a customer's own cases, of all shops.
pub async fn of_customer(
    app: &App,
    customer: &Customer,
    cursor: &str,
    limit: u32,
) -> Result<CasePage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<CaseId> = page::after(cursor)?;
    let mut tx = app.store.begin_people().await?;
    let (who, home) = (customer.0.user, customer.0.home);
    let mut ids = queries::page_of_customer(&mut tx, who, home, before, limit + 1).await?;
    let next_cursor = page::next(&mut ids, limit, |last| *last);
    Ok(CasePage {
        cases: queries::cases(&mut tx, &ids).await?,
        next_cursor,
        pending: 0,
    })
}
