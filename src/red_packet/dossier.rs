//! The dossier of a red packet, kept for two years: what was sent, who took what, in one file.

use jiff::Timestamp;
use serde::Serialize;

use super::{RedPacket, file::PacketFile, queries, show};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{RedPacketId, UserId},
    money::Money,
    rights,
};

/// All that is kept of a red packet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RedPacketDossier)]
pub struct Dossier {
    /// The red packet, with its rules; `kept_until` says until when nothing of this is removed.
    pub red_packet: RedPacket,
    /// Who took a share, in the order in which they came.
    pub people: Vec<Taker>,
    /// The file to check it by; null: it is open.
    pub file: Option<PacketFile>,
}

/// Somebody who took a share.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RedPacketTaker)]
pub struct Taker {
    /// Who.
    pub customer_id: UserId,
    /// As others see them.
    pub name: String,
    /// Their name in the file.
    pub person: String,
    /// Which share, from 1.
    pub place: i32,
    /// What was in it, minor units.
    pub amount: Money,
    /// When.
    #[schema(value_type = String)]
    pub taken_at: Timestamp,
}

/// Everything about one red packet (recorded). Refuses with `not_found`.
pub async fn dossier(app: &App, by: &Staff<ManageCampaigns>, id: RedPacketId) -> Result<Dossier> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let red_packet = queries::red_packet(&mut tx, id).await?;
    let red_packet = red_packet.ok_or(Refusal::NotFound)?;
    let file = match show::proven(&mut tx, &red_packet).await {
        Ok(file) => Some(file),
        Err(error) if error.refusal() == Some(Refusal::RedPacketOpen) => None,
        Err(broken) => return Err(broken),
    };
    let dossier = Dossier {
        people: queries::takers(&mut tx, id).await?,
        file,
        red_packet,
    };
    let deed = Deed::new(by.actor.user, "red_packet.dossier_read", id);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(dossier)
}
