//! Look at lotteries: the shop's, one's own group's, and the file to check one by.

use proto::{DrawReceipt, Permission};
use serde::Serialize;

use super::{
    Draw, PlaceOf, enter,
    file::{Closed, DrawFile},
    queries,
};
use crate::{
    actor::{Actor, ManageCampaigns, Staff},
    app::App,
    conversation::seat::seat,
    error::{Refusal, Result},
    id::DrawId,
    money::Money,
    store::{Tx, page},
};

/// A draw as whoever may see it sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DrawShown)]
pub struct Shown {
    /// The draw.
    #[serde(flatten)]
    pub draw: Draw,
    /// Winners and substitutes, in the order of their scores; before the draw nobody.
    pub places: Vec<PlaceOf>,
    /// What the prizes cost that were won, in minor units (LOT-05).
    pub cost: Money,
    /// One's own part in it.
    pub receipt: Option<DrawReceipt>,
}

/// Draws, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DrawPage {
    /// The newest first.
    pub draws: Vec<Draw>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// The shop's draws. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn page(
    app: &App,
    by: &Staff<ManageCampaigns>,
    cursor: &str,
    limit: u32,
) -> Result<DrawPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<DrawId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut draws = queries::draws(&mut tx, before, limit + 1).await?;
    let next_cursor = page::next(&mut draws, limit, |last| last.id);
    Ok(DrawPage { draws, next_cursor })
}

/// One draw, for who is in its group and for those who hold the shop's draws. Refuses with `not_found`.
pub async fn show(app: &App, actor: &Actor, id: DrawId) -> Result<Shown> {
    let (mut tx, draw) = look(app, actor, id).await?;
    let places = queries::places(&mut tx, id).await?;
    let receipt = enter::receipt(&mut tx, &draw, actor.user).await?;
    Ok(Shown {
        cost: draw.cost(&places).map_err(anyhow::Error::from)?,
        draw,
        places,
        receipt,
    })
}

/// The file that anybody can check it by, for who may see it: from the moment that its list is closed. Refuses with `draw_state` before, and what was
/// called off before; `not_found`.
pub async fn file(app: &App, actor: &Actor, id: DrawId) -> Result<String> {
    let (mut tx, draw) = look(app, actor, id).await?;
    Ok(file_of(&mut tx, &draw).await?.text()?)
}

/// The file of a draw whose list was closed, made of its rows. Refuses with `draw_state`.
pub(super) async fn file_of(tx: &mut Tx, draw: &Draw) -> Result<DrawFile> {
    let (tickets, left_out) = queries::list(tx, draw.id).await?;
    let closed = Closed {
        draw: draw.id,
        rules: draw.rules_text.clone(),
        seed: draw.revealed().ok_or(Refusal::DrawState)?.to_owned(),
        awaited: draw.awaited(),
        tickets,
        left_out,
    };
    Ok(DrawFile::of(
        closed,
        draw.beacon.clone(),
        draw.called_off(),
    )?)
}

async fn look(app: &App, actor: &Actor, id: DrawId) -> Result<(Tx, Draw)> {
    let shop = queries::shop_of(app.store.pool(), id).await?;
    let shop = shop.ok_or(Refusal::NotFound)?;
    let mut tx = app.store.begin(shop).await?;
    let draw = queries::draw(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    if !actor.may(Permission::ManageCampaigns, shop) {
        seat(tx.sql(), actor, draw.conversation_id).await?;
    }
    Ok((tx, draw))
}
