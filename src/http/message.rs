//! Messages over REST: say, edit, recall, react, pin, redraw, search, and what was said before.

use axum::{Json, extract::State};
use proto::{
    Card, EditMessage, Message, MessageAccepted, MessageSearchPage, PinMessage, React,
    RecallMessage, RedrawCard, SearchMessages, SendMessage,
};
use serde::Deserialize;

use super::{
    at::{OfConversation, OfMessage, OfReaction},
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::Actor,
    app::App,
    conversation::{edit, pin, post, react, recall, redraw, search, versions},
    error::refused_argument,
    id::ConversationId,
};

/// Say something. Safe to repeat with the same `client_message_id`: the first answer comes back, for ever.
#[utoipa::path(post, path = "/conversations/{conversation_id}/messages", tag = "messages", security(("token" = [])),
    params(("conversation_id" = ConversationId, Path)), request_body = SendMessage,
    responses((status = 200, body = MessageAccepted), (status = "4XX", body = ProblemBody)))]
pub async fn say(
    State(app): State<App>,
    actor: Actor,
    Named(there): Named<OfConversation>,
    Body(mut request): Body<SendMessage>,
) -> Answer<MessageAccepted> {
    let conversation_id = there.conversation_id.to_string();
    if !["", &conversation_id].contains(&&request.conversation_id[..]) {
        return Err(refused_argument("conversation_id", "is not the one of the path").into());
    }
    request.conversation_id = conversation_id;
    let posted = post::post(&app, &actor, request).await?;
    Ok(Json(MessageAccepted {
        conversation_id: posted.conversation.to_string(),
        number: posted.number,
        sent_at: posted.sent_at,
    }))
}

/// Other words for a message.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// At most 8,000 characters.
    text: String,
}

/// Change the words of a message.
#[utoipa::path(patch, path = "/conversations/{conversation_id}/messages/{number}", tag = "messages", security(("token" = [])),
    params(("conversation_id" = ConversationId, Path), ("number" = u64, Path)), request_body = Words,
    responses((status = 200, body = Message), (status = "4XX", body = ProblemBody)))]
pub async fn edit(
    State(app): State<App>,
    actor: Actor,
    Named(name): Named<OfMessage>,
    Body(words): Body<Words>,
) -> Answer<Message> {
    let request = EditMessage {
        conversation_id: name.conversation_id.to_string(),
        number: name.number,
        text: words.text,
    };
    Ok(Json(edit::edit(&app, &actor, request).await?))
}

/// Take a message back.
#[utoipa::path(delete, path = "/conversations/{conversation_id}/messages/{number}", tag = "messages", security(("token" = [])),
    params(("conversation_id" = ConversationId, Path), ("number" = u64, Path)),
    responses((status = 200, body = Message), (status = "4XX", body = ProblemBody)))]
pub async fn recall(
    State(app): State<App>,
    actor: Actor,
    Named(name): Named<OfMessage>,
) -> Answer<Message> {
    let request = RecallMessage {
        conversation_id: name.conversation_id.to_string(),
        number: name.number,
    };
    Ok(Json(recall::recall(&app, &actor, request).await?))
}

impl OfReaction {
    fn request(self, remove: bool) -> React {
        React {
            conversation_id: self.conversation_id.to_string(),
            number: self.number,
            emoji: self.emoji,
            remove,
        }
    }
}

/// React to a message.
#[utoipa::path(put, path = "/conversations/{conversation_id}/messages/{number}/reactions/{emoji}", tag = "messages",
    security(("token" = [])),
    params(("conversation_id" = ConversationId, Path), ("number" = u64, Path), ("emoji" = String, Path)),
    responses((status = 200, body = Message), (status = "4XX", body = ProblemBody)))]
pub async fn add_reaction(
    State(app): State<App>,
    actor: Actor,
    Named(reaction): Named<OfReaction>,
) -> Answer<Message> {
    Ok(Json(
        react::react(&app, &actor, reaction.request(false)).await?,
    ))
}

/// Take a reaction of one's own away.
#[utoipa::path(delete, path = "/conversations/{conversation_id}/messages/{number}/reactions/{emoji}", tag = "messages",
    security(("token" = [])),
    params(("conversation_id" = ConversationId, Path), ("number" = u64, Path), ("emoji" = String, Path)),
    responses((status = 200, body = Message), (status = "4XX", body = ProblemBody)))]
pub async fn remove_reaction(
    State(app): State<App>,
    actor: Actor,
    Named(reaction): Named<OfReaction>,
) -> Answer<Message> {
    Ok(Json(
        react::react(&app, &actor, reaction.request(true)).await?,
    ))
}

/// Pin a message.
#[utoipa::path(put, path = "/conversations/{conversation_id}/messages/{number}/pin", tag = "messages", security(("token" = [])),
    params(("conversation_id" = ConversationId, Path), ("number" = u64, Path)),
    responses((status = 200, body = Message), (status = "4XX", body = ProblemBody)))]
pub async fn pin(
    State(app): State<App>,
    actor: Actor,
    Named(name): Named<OfMessage>,
) -> Answer<Message> {
    Ok(Json(pin::pin(&app, &actor, name.pinned(true)).await?))
}

/// Unpin a message.
#[utoipa::path(delete, path = "/conversations/{conversation_id}/messages/{number}/pin", tag = "messages", security(("token" = [])),
    params(("conversation_id" = ConversationId, Path), ("number" = u64, Path)),
    responses((status = 200, body = Message), (status = "4XX", body = ProblemBody)))]
pub async fn unpin(
    State(app): State<App>,
    actor: Actor,
    Named(name): Named<OfMessage>,
) -> Answer<Message> {
    Ok(Json(pin::pin(&app, &actor, name.pinned(false)).await?))
}

impl OfMessage {
    fn pinned(&self, pinned: bool) -> PinMessage {
        PinMessage {
            conversation_id: self.conversation_id.to_string(),
            number: self.number,
            pinned,
        }
    }
}

/// Replace a link card in place.
#[utoipa::path(put, path = "/conversations/{conversation_id}/messages/{number}/card", tag = "messages", security(("token" = [])),
    params(("conversation_id" = ConversationId, Path), ("number" = u64, Path)), request_body = Card,
    responses((status = 200, body = Message), (status = "4XX", body = ProblemBody)))]
pub async fn redraw(
    State(app): State<App>,
    actor: Actor,
    Named(name): Named<OfMessage>,
    Body(card): Body<Card>,
) -> Answer<Message> {
    let request = RedrawCard {
        conversation_id: name.conversation_id.to_string(),
        number: name.number,
        card: Some(card),
    };
    Ok(Json(redraw::redraw_card(&app, &actor, request).await?))
}

/// What is looked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Looked {
    /// 1 to 100 characters.
    words: String,
    /// From the last page; left out: from the newest.
    #[serde(default)]
    before: u64,
    /// 1 to 50; left out: 20.
    #[serde(default)]
    limit: u32,
}

/// Find words in a conversation, newest first. Ask again with `before` = `searched_to` until that is 0.
#[utoipa::path(get, path = "/conversations/{conversation_id}/search", tag = "messages", security(("token" = [])),
    params(("conversation_id" = ConversationId, Path), Looked),
    responses((status = 200, body = MessageSearchPage), (status = "4XX", body = ProblemBody)))]
pub async fn search(
    State(app): State<App>,
    actor: Actor,
    Named(there): Named<OfConversation>,
    Asked(looked): Asked<Looked>,
) -> Answer<MessageSearchPage> {
    let request = SearchMessages {
        conversation_id: there.conversation_id.to_string(),
        words: looked.words,
        before: looked.before,
        limit: looked.limit,
    };
    Ok(Json(search::search(&app, &actor, request).await?))
}

/// What a message said before, newest first: evidence, for staff who may moderate. Looking is recorded.
#[utoipa::path(get, path = "/conversations/{conversation_id}/messages/{number}/versions", tag = "messages",
    security(("token" = [])), params(("conversation_id" = ConversationId, Path), ("number" = u64, Path), PageOf),
    responses((status = 200, body = versions::Versions), (status = "4XX", body = ProblemBody)))]
pub async fn versions(
    State(app): State<App>,
    actor: Actor,
    Named(name): Named<OfMessage>,
    Asked(page): Asked<PageOf>,
) -> Answer<versions::Versions> {
    let asked = versions::Asked {
        conversation: name.conversation_id,
        number: name.number,
        cursor: page.cursor,
        limit: page.limit,
    };
    Ok(Json(versions::versions(&app, &actor, &asked).await?))
}
