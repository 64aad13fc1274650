//! A shop's alerts, as somebody who works there may see them.

use proto::Alert;
use serde::Serialize;

use super::{entitled, queries, unread_in};
use crate::{
    actor::Actor,
    app::App,
    error::Result,
    id::{AlertId, ShopId},
    store::page,
};

/// Alerts, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertPage {
    /// The newest first.
    pub alerts: Vec<Alert>,
    /// How many of them all I have not read; 1,000 stands for more, too.
    pub unread: u32,
    /// This one and all before it are read; null: none is.
    pub read_up_to: Option<AlertId>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// The alerts of a shop that the actor is entitled to now and wants, newest first. Refuses with `forbidden` whoever has no post there,
/// a bad cursor or limit (1 to 100, 0 means 50) with `invalid_argument`.
pub async fn list(
    app: &App,
    actor: &Actor,
    shop: ShopId,
    cursor: &str,
    limit: u32,
) -> Result<AlertPage> {
    let held = entitled(actor, shop)?;
    let limit = page::limit(limit, 50, 100)?;
    let before: Option<AlertId> = page::after(cursor)?;
    let mut tx = app.store.begin(shop).await?;
    let mut found = queries::list(&mut tx, actor.user, held, before, limit + 1).await?;
    let next_cursor = page::next(&mut found, limit, |(id, _)| *id);
    Ok(AlertPage {
        alerts: found.into_iter().map(|(_, alert)| alert).collect(),
        unread: unread_in(&mut tx, actor.user, held).await?,
        read_up_to: queries::read_up_to(&mut tx, actor.user).await?,
        next_cursor,
    })
}
