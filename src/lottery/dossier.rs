//! The dossier of a lottery, as the law wants it kept for two years: rules, notices, result, winners, in one file.

use serde::Serialize;

use super::{Draw, PlaceOf, file::DrawFile, queries, show};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{DrawId, UserId},
    money::Money,
    rights,
};

/// All that is kept of a draw.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DrawDossier)]
pub struct Dossier {
    /// The draw, with its rules; `kept_until` says until when nothing of this is removed.
    pub draw: Draw,
    /// The message that announced it, and the one that announced the winners.
    pub notices: Vec<i64>,
    /// Who takes part, under which name in the list.
    pub people: Vec<Participant>,
    /// Winners and substitutes, and what became of their prizes.
    pub places: Vec<PlaceOf>,
    /// What the prizes cost that were won, in minor units.
    pub cost: Money,
    /// The file to check it by; null: its list was never closed.
    pub file: Option<DrawFile>,
}

/// Somebody who takes part.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DrawParticipant)]
pub struct Participant {
    /// Who.
    pub customer_id: UserId,
    /// As others see them.
    pub name: String,
    /// Their name in the list.
    pub person: String,
    /// How many tickets they have.
    pub tickets: i64,
    /// Why they win nothing, if so.
    pub left_out: Option<String>,
}

/// Everything about one draw (recorded). Refuses with `not_found`.
pub async fn dossier(app: &App, by: &Staff<ManageCampaigns>, id: DrawId) -> Result<Dossier> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let draw = queries::draw(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    let places = queries::places(&mut tx, id).await?;
    let result = queries::result_number(&mut tx, id).await?;
    let dossier = Dossier {
        notices: std::iter::once(draw.card_number).chain(result).collect(),
        people: queries::participants(&mut tx, id).await?,
        cost: draw.cost(&places).map_err(anyhow::Error::from)?,
        file: show::file_of(&mut tx, &draw).await.ok(),
        places,
        draw,
    };
    let deed = Deed::new(by.actor.user, "draw.dossier_read", id);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(dossier)
}
