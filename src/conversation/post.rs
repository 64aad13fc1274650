//! Say something.
//!
//! Plain words take the fast path: checked, then queued at the log at once. What refers to something else (a file, a
//! quoted message, people) is filled in first (`prepare.rs`), by a task that the socket waits for before it reads on:
//! sends of one socket keep their order.

use proto::{Message, SendMessage, Sender};
use tokio::task::JoinHandle;

use super::{
    Draft, Posted, card,
    log::Answer,
    prepare::{self, Prepared},
    seat::conversation_id,
    wire,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
    words,
};

/// Words of one message at most, in characters.
pub const TEXT_LENGTH: usize = 8_000;
/// People mentioned in one message at most.
pub const MENTIONS: usize = 50;

/// Posts a message: the answer comes after the commit. A retry with the same client message id gets the first answer,
/// whatever has become since of what it refers to.
///
/// Refuses what is malformed or refers to what the sender may not use with `invalid_argument`; a card or a mention of
/// everybody by whoever may not with `forbidden`; and whatever `append_messages` refuses: `not_found`, `not_a_member`,
/// `muted`, `banned`, `conversation_closed`, `client_message_id_reused`; `rate_limited` whoever sends too fast;
/// `overloaded` when too many wait.
pub async fn post(app: &App, actor: &Actor, request: SendMessage) -> Result<Posted> {
    app.sends.take(actor.user)?;
    let draft = draft(actor, &request)?;
    if plain(&request) {
        return app.log.post(draft).await;
    }
    match prepare::prepare(app, actor, &request, draft).await? {
        Prepared::Draft(draft) => app.log.post(*draft).await,
        Prepared::Known(posted) => Ok(posted),
    }
}

/// The same for a socket: `answer` is called once. Calls of one socket keep their order if the socket waits for the
/// returned task, where there is one, before the next call.
pub fn submit(
    app: &App,
    actor: &Actor,
    request: SendMessage,
    answer: Answer,
) -> Option<JoinHandle<()>> {
    let paced = app.sends.take(actor.user);
    let draft = match paced.and_then(|()| draft(actor, &request)) {
        Ok(draft) => draft,
        Err(refused) => {
            answer(Err(refused));
            return None;
        }
    };
    if plain(&request) {
        app.log.submit(draft, answer);
        return None;
    }
    let (app, actor) = (app.clone(), actor.clone());
    Some(app.tasks.clone().spawn(async move {
        let prepared = async {
            let _place = app.places.take(actor.user).await?;
            prepare::prepare(&app, &actor, &request, draft).await
        };
        match prepared.await {
            Ok(Prepared::Draft(draft)) => app.log.submit(*draft, answer),
            Ok(Prepared::Known(posted)) => answer(Ok(posted)),
            Err(error) => answer(Err(error)),
        }
    }))
}

/// Nothing needs looking up.
fn plain(request: &SendMessage) -> bool {
    request.picture.is_none()
        && request.file.is_none()
        && request.voice.is_none()
        && request.card.is_none()
        && request.quote.is_none()
        && request.forward.is_none()
        && request.mentions.is_empty()
        && !request.mention_everybody
}

/// Checks a request by itself and makes it a draft of its words.
fn draft(actor: &Actor, request: &SendMessage) -> Result<Draft> {
    let conversation = conversation_id(&request.conversation_id)?;
    check_client_message_id(&request.client_message_id)?;
    check_text(&request.text)?;
    check_contents(request)?;
    let message = Message {
        conversation_id: request.conversation_id.clone(),
        client_message_id: request.client_message_id.clone(),
        sender: Some(sender(actor)),
        text: request.text.clone(),
        ..Message::default()
    };
    Ok(Draft {
        conversation,
        sender: Some(actor.user),
        message,
        fingerprint: Some(wire::fingerprint_of(request)),
    })
}

fn check_client_message_id(id: &str) -> Result<()> {
    if (1..=64).contains(&id.len()) && !id.contains('\0') {
        return Ok(());
    }
    Err(refused_argument(
        "client_message_id",
        "has 1 to 64 bytes, none of them NUL",
    ))
}

/// One thing is said at a time: words with at most one attachment, or a card, or what is forwarded.
fn check_contents(request: &SendMessage) -> Result<()> {
    let attachments = [
        request.picture.is_some(),
        request.file.is_some(),
        request.voice.is_some(),
    ];
    let attached = attachments.into_iter().filter(|one| *one).count();
    let whole = usize::from(request.card.is_some()) + usize::from(request.forward.is_some());
    let wordless = request.text.trim().is_empty();
    if attached + whole > 1 {
        return Err(refused_argument(
            "text",
            "goes with one picture, file, voice, card or forwarded message at most",
        ));
    }
    match (whole, attached) {
        (0, 0) if wordless => Err(refused_argument("text", "is empty")),
        (1, _) if !request.text.is_empty() => Err(refused_argument(
            "text",
            "is empty with a card or a forwarded message",
        )),
        _ => request.card.as_ref().map_or(Ok(()), card::check),
    }
}

/// Refuses words that are too long or hold a NUL.
pub(super) fn check_text(text: &str) -> Result<()> {
    words::text("text", text, 0..=TEXT_LENGTH)
}

/// How a speaker is shown.
pub(crate) fn sender(actor: &Actor) -> Sender {
    Sender {
        user_id: actor.user.to_string(),
        kind: actor.kind.into(),
        name: actor.name.to_string(),
        shop_id: String::new(),
    }
}
