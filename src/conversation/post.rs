//! Say something.

use proto::{Message, SendMessage, Sender};

use super::{Draft, Posted, log::Answer};
use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
};

/// Words of one message at most, in characters.
pub const TEXT_LENGTH: usize = 8_000;
/// People mentioned in one message at most.
pub const MENTIONS: usize = 50;

/// Posts a message: the answer comes after the commit. A retry with the same client message id gets the first answer.
///
/// Refuses what is malformed with `invalid_argument`, and whatever `append_messages` refuses: `not_found`,
/// `not_a_member`, `muted`, `banned`, `conversation_closed`, `client_message_id_reused`; `overloaded` when too many wait.
pub async fn post(app: &App, actor: &Actor, request: SendMessage) -> Result<Posted> {
    app.log.post(draft(actor, request)?).await
}

/// The same for a socket: `answer` is called once. Calls of one socket keep their order.
pub fn submit(app: &App, actor: &Actor, request: SendMessage, answer: Answer) {
    match draft(actor, request) {
        Ok(draft) => app.log.submit(draft, answer),
        Err(refused) => answer(Err(refused)),
    }
}

/// Checks a request and makes it a draft.
fn draft(actor: &Actor, request: SendMessage) -> Result<Draft> {
    let conversation = request
        .conversation_id
        .parse()
        .map_err(|_| refused_argument("conversation_id", "is not an id"))?;
    if !(1..=64).contains(&request.client_message_id.len()) {
        return Err(refused_argument("client_message_id", "has 1 to 64 bytes"));
    }
    check_text(&request.text)?;
    if request.mentions.len() > MENTIONS {
        return Err(refused_argument("mentions", "has at most 50 people"));
    }
    let message = Message {
        conversation_id: request.conversation_id,
        client_message_id: request.client_message_id,
        sender: Some(sender(actor)),
        text: request.text,
        mentions: request.mentions,
        mention_everybody: request.mention_everybody,
        ..Message::default()
    };
    if message.text.trim().is_empty() {
        return Err(refused_argument("text", "is empty"));
    }
    Ok(Draft {
        conversation,
        sender: Some(actor.user),
        message,
    })
}

/// Refuses words that are too long or hold a NUL, which PostgreSQL cannot keep.
pub(super) fn check_text(text: &str) -> Result<()> {
    if text.chars().count() > TEXT_LENGTH {
        return Err(refused_argument("text", "is longer than 8000 characters"));
    }
    if text.contains('\0') {
        return Err(refused_argument("text", "holds a NUL character"));
    }
    Ok(())
}

/// How a speaker is shown.
pub(super) fn sender(actor: &Actor) -> Sender {
    Sender {
        user_id: actor.user.to_string(),
        kind: actor.kind.into(),
        name: actor.name.to_string(),
        shop_id: String::new(),
    }
}
