//! Look at red packets: the shop's, those of one's groups, what one has taken, and the file to check one by.

use jiff::Timestamp;
use proto::{Permission, RedPacketShare, RedPacketState};
use serde::Serialize;

use super::{RedPacket, file::PacketFile, queries};
use crate::{
    actor::{Actor, Customer, ManageCampaigns, Staff},
    app::App,
    conversation::seat::seat,
    error::{Refusal, Result},
    id::{RedPacketId, ShopId},
    money::Money,
    store::{Tx, page},
};

/// A red packet as whoever may see it sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RedPacketShown)]
pub struct Shown {
    /// The red packet.
    #[serde(flatten)]
    pub red_packet: RedPacket,
    /// One's own share of it.
    pub share: Option<RedPacketShare>,
}

/// Red packets, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RedPacketPage {
    /// The newest first.
    pub red_packets: Vec<RedPacket>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// What one has taken out of a red packet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TakenShare {
    /// Of which.
    pub red_packet_id: RedPacketId,
    /// Of which shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// What the shop said with it.
    pub greeting: String,
    /// Minor units.
    pub amount: Money,
    /// ISO 4217.
    pub currency: String,
    /// When.
    #[schema(value_type = String)]
    pub taken_at: Timestamp,
}

/// What one has taken, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TakenPage {
    /// The newest red packet first.
    pub shares: Vec<TakenShare>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// The shop's red packets. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn page(
    app: &App,
    by: &Staff<ManageCampaigns>,
    cursor: &str,
    limit: u32,
) -> Result<RedPacketPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<RedPacketId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut red_packets = queries::red_packets(&mut tx, before, limit + 1).await?;
    let next_cursor = page::next(&mut red_packets, limit, |last| last.id);
    Ok(RedPacketPage {
        red_packets,
        next_cursor,
    })
}

/// What one has taken, in all shops. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn mine(
    app: &App,
    Customer(actor): &Customer,
    cursor: &str,
    limit: u32,
) -> Result<TakenPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<RedPacketId> = page::after(cursor)?;
    let who = (actor.user, actor.home);
    let mut shares = queries::shares_of(app.store.pool(), who, before, limit + 1).await?;
    let next_cursor = page::next(&mut shares, limit, |last| last.red_packet_id);
    Ok(TakenPage {
        shares,
        next_cursor,
    })
}

/// One red packet, for who is in its group and for those who send the shop's. Refuses with `not_found`.
pub async fn show(app: &App, actor: &Actor, id: RedPacketId) -> Result<Shown> {
    let (mut tx, red_packet) = look(app, actor, id).await?;
    let taken = queries::taken_by(&mut tx, id, actor.user).await?;
    Ok(Shown {
        share: taken.map(|taken| red_packet.share(taken)),
        red_packet,
    })
}

/// The file that anybody can check it by, for who may see it. Refuses with `red_packet_open` before it is over, `not_found`.
pub async fn file(app: &App, actor: &Actor, id: RedPacketId) -> Result<String> {
    let (mut tx, red_packet) = look(app, actor, id).await?;
    Ok(proven(&mut tx, &red_packet).await?.text()?)
}

/// The file of a red packet that is over, made of its rows. Refuses with `red_packet_open`.
pub(super) async fn proven(tx: &mut Tx, red_packet: &RedPacket) -> Result<PacketFile> {
    let seed = match (red_packet.state, &red_packet.seed) {
        (RedPacketState::Emptied | RedPacketState::Returned, Some(seed)) => seed.clone(),
        _ => return Err(Refusal::RedPacketOpen.into()),
    };
    let takes = queries::takes(tx.sql(), red_packet.id).await?;
    let sent = (red_packet.id, red_packet.rules_text.clone(), seed);
    Ok(PacketFile::of(sent, takes)?)
}

async fn look(app: &App, actor: &Actor, id: RedPacketId) -> Result<(Tx, RedPacket)> {
    let shop = queries::shop_of(app.store.pool(), id).await?;
    let shop = shop.ok_or(Refusal::NotFound)?;
    let mut tx = app.store.begin(shop).await?;
    let red_packet = queries::red_packet(&mut tx, id).await?;
    let red_packet = red_packet.ok_or(Refusal::NotFound)?;
    if !actor.may(Permission::ManageCampaigns, shop) {
        seat(tx.sql(), actor, red_packet.conversation_id).await?;
    }
    Ok((tx, red_packet))
}
