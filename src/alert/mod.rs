//! What asks for a shop's staff: raised in the unit of work that makes it so, shown to those on the line, kept for the others.
//!
//! An alert is for whoever holds a permission in the shop: whoever comes by it later sees what was raised before, whoever loses
//! it sees nothing any more. Which kinds somebody wants at all is their own choice ([`choose`]). What somebody has read is
//! one mark for each person and shop ([`read`]): that alert and all before it.
//!
//! It knows no conversation and no order: these are ids here, to lead there.

pub mod choose;
pub mod counts;
pub mod list;
mod queries;
mod raise;
pub mod read;

use jiff::SignedDuration;
use proto::AlertKind;

pub use self::raise::{NewAlert, raise};
use crate::{
    actor::{Actor, Permissions},
    app::App,
    error::{Refusal, Result},
    id::{ShopId, UserId},
    store::Tx,
};

/// Alerts are kept for so long, read or not.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Unread ones are counted up to here.
const COUNTED: i64 = 1_000;

/// Is it worth a sound? Where a person waits for the shop it is; what the shop can look at later comes silently.
pub fn sounds(kind: AlertKind) -> bool {
    match kind {
        AlertKind::NewConversation
        | AlertKind::NewOrder
        | AlertKind::AfterSale
        | AlertKind::OrderChanged => true,
        AlertKind::WebhookOff
        | AlertKind::StockLow
        | AlertKind::OrderPaidTwice
        | AlertKind::OrderFollowUp
        | AlertKind::GoodsArrived
        | AlertKind::FollowUp
        | AlertKind::AbnormalClaims
        | AlertKind::NewMessage
        | AlertKind::DrawWaits
        | AlertKind::Unspecified => false,
    }
}

/// What somebody may do in a shop now, which entitles them to its alerts. Refuses with `forbidden` whoever has no post there.
fn entitled(actor: &Actor, shop: ShopId) -> Result<Permissions> {
    match actor.permissions_in(shop) {
        Permissions::NONE => Err(Refusal::Forbidden.into()),
        held => Ok(held),
    }
}

/// How many alerts of one shop somebody has not read, of those that they are entitled to and want; [`COUNTED`] stands for more, too.
async fn unread_in(tx: &mut Tx, user: UserId, held: Permissions) -> Result<u32> {
    let shop = tx.shop()?;
    let unread = queries::unread(tx.sql(), user, &[(shop, held)]).await?;
    Ok(unread.iter().map(|(_, unread)| unread).sum())
}

/// Forgets alerts after a month.
pub async fn forget(app: &App) -> Result<()> {
    let before = app.clock.now() - KEPT;
    while queries::forget(app.store.pool(), before).await? > 0 {}
    Ok(())
}
