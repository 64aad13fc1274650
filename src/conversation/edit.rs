//! Change the words of a message. What it said before stays in the record (CHAT-08).

use jiff::SignedDuration;
use proto::{EditMessage, Message};

use super::{
    change::{self, Authority, Held},
    post::check_text,
    queries::change::Columns,
    seat::conversation_id,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result, refused_argument},
};

/// Edits: the sender within `edit_minutes`, staff who moderate the shop's conversations at any time (recorded).
///
/// Refuses with `rate_limited`, `edit_too_late`, `edited_too_often` beyond `edits_per_message`, `not_the_sender`, `already_recalled`; with `not_editable` what is no words of the sender's
/// own: notices, cards, forwarded messages; and whoever may not speak here now. The same words again change nothing.
pub async fn edit(app: &App, actor: &Actor, request: EditMessage) -> Result<Message> {
    check_text(&request.text)?;
    let conversation = conversation_id(&request.conversation_id)?;
    let (mut tx, held) = change::hold(app, actor, conversation, request.number).await?;
    let now = app.clock.now();
    held.require_editable(&request.text)?;
    let window = SignedDuration::from_mins(app.config.conversation.edit_minutes);
    let authority = held.authority(actor.user, now, window, Refusal::EditTooLate)?;
    if authority == Authority::Own {
        held.standing.require_voice()?;
    }
    if held.kept.content.text == request.text {
        return change::shown(&mut tx, held.name()).await;
    }
    held.require_few_edits(app.config.conversation.edits_per_message)?;
    let columns = Columns {
        text: Some(request.text),
        edited: true,
        ..Columns::default()
    };
    let message = held.apply(&mut tx, actor, &columns, now).await?;
    if authority == Authority::Moderator {
        held.record(&mut tx, actor, "message.edited", &message, now)
            .await?;
    }
    tx.commit().await?;
    Ok(message)
}

impl Held {
    /// Nothing but its edits gives a message of words a version: what was recalled is not edited.
    fn require_few_edits(&self, most: i32) -> Result<()> {
        if self.kept.version > most {
            return Err(Refusal::EditedTooOften.into());
        }
        Ok(())
    }

    fn require_editable(&self, words: &str) -> Result<()> {
        self.require_said()?;
        self.standing.require_open()?;
        let content = &self.kept.content;
        if content.card.is_some() || content.forwarded.is_some() {
            return Err(Refusal::NotEditable.into());
        }
        let carries =
            content.picture.is_some() || content.file.is_some() || content.voice.is_some();
        if words.trim().is_empty() && !carries {
            return Err(refused_argument("text", "is empty"));
        }
        Ok(())
    }
}
