//! I am typing: shown and forgotten.

use proto::{Type, Typing, push};

use super::seat::{conversation_id, seat};
use crate::{actor::Actor, app::App, error::Result, event::Event};

/// Shows everybody in the conversation that the actor is typing. Nothing is stored.
///
/// Refuses with `not_found` whoever has no seat, with `not_a_member` whoever has left.
pub async fn typing(app: &App, actor: &Actor, request: Type) -> Result<()> {
    let conversation = conversation_id(&request.conversation_id)?;
    let mut sql = app.store.pool().acquire().await?;
    let seat = seat(&mut sql, actor, conversation).await?;
    seat.require_present()?;
    let typing = Typing {
        conversation_id: conversation.to_string(),
        user_id: actor.user.to_string(),
    };
    let event = Event::passing(seat.address.audiences(), push::Event::Typing(typing));
    app.store.bus().publish(&event);
    Ok(())
}
