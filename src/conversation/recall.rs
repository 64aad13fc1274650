//! Take a message back: its words, attachments and card are gone from every screen, the record keeps them.

use jiff::SignedDuration;
use proto::{Message, RecallMessage};

use super::{
    attachment,
    change::{self, Authority},
    queries::change::Columns,
    seat::conversation_id,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    media,
};

/// Recalls: the sender within `recall_minutes`, staff who moderate the shop's conversations at any time (recorded). A
/// recalled message is no longer pinned. Recalling again changes nothing.
///
/// Refuses with `rate_limited`, `recall_too_late`, `not_the_sender`, `not_a_member`, and with `not_editable` notices and the cards of
/// orders and the like: they are drawn anew as long as there is something to show.
pub async fn recall(app: &App, actor: &Actor, request: RecallMessage) -> Result<Message> {
    let conversation = conversation_id(&request.conversation_id)?;
    let (mut tx, held) = change::hold(app, actor, conversation, request.number).await?;
    let now = app.clock.now();
    if held.kept.sender.is_none() || held.kept.is_drawn_by_its_noun() {
        return Err(Refusal::NotEditable.into());
    }
    if held.kept.recalled {
        return change::shown(&mut tx, held.name()).await;
    }
    let window = SignedDuration::from_mins(app.config.conversation.recall_minutes);
    let authority = held.authority(actor.user, now, window, Refusal::RecallTooLate)?;
    if authority == Authority::Own {
        held.standing.seat.require_present()?;
    }
    let columns = Columns {
        recalled: true,
        ..Columns::default()
    };
    let message = held.apply(&mut tx, actor, &columns, now).await?;
    if !attachment::files(&held.kept.content).is_empty() {
        media::withdraw(&mut tx, conversation, held.kept.number.cast_signed()).await?;
    }
    if authority == Authority::Moderator {
        held.record(&mut tx, actor, "message.recalled", &message, now)
            .await?;
    }
    tx.commit().await?;
    Ok(message)
}
