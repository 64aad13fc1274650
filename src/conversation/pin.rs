//! Pin or unpin a message.

use proto::{Message, PinMessage};

use super::{
    Address, change,
    queries::{self, change::Columns},
    seat::conversation_id,
    standing::Standing,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result, refused_argument},
};

/// Pinned messages of one conversation at most.
pub const PINS: i64 = 50;

/// Pins or unpins: in groups the owner and managers, in a shop's conversation its staff (recorded), between two people
/// both. What is so already changes nothing.
///
/// Refuses with `rate_limited`, `forbidden`, `already_recalled`, and the 51st pin with `invalid_argument`.
pub async fn pin(app: &App, actor: &Actor, request: PinMessage) -> Result<Message> {
    let conversation = conversation_id(&request.conversation_id)?;
    let (mut tx, held) = change::hold(app, actor, conversation, request.number).await?;
    held.standing.require_pinner()?;
    if held.kept.recalled {
        return Err(Refusal::AlreadyRecalled.into());
    }
    if held.kept.pinned == request.pinned {
        return change::shown(&mut tx, held.name()).await;
    }
    if request.pinned && queries::change::pins(&mut tx, conversation).await? >= PINS {
        return Err(refused_argument(
            "pinned",
            "would be the 51st of this conversation",
        ));
    }
    let columns = Columns {
        pinned: Some(request.pinned),
        ..Columns::default()
    };
    let now = app.clock.now();
    let message = held.apply(&mut tx, actor, &columns, now).await?;
    if held.address.shop().is_some() {
        let action = if request.pinned {
            "message.pinned"
        } else {
            "message.unpinned"
        };
        held.record(&mut tx, actor, action, &message, now).await?;
    }
    tx.commit().await?;
    Ok(message)
}

impl Standing {
    fn require_pinner(&self) -> Result<()> {
        self.require_open()?;
        self.seat.require_present()?;
        let may = match self.seat.address {
            Address::Shop { .. } => self.seat.staff,
            Address::Direct(..) => true,
            Address::Group { .. } => self.leads(),
        };
        if may {
            Ok(())
        } else {
            Err(Refusal::Forbidden.into())
        }
    }
}
