//! Reading conversations over REST.

use axum::{Json, extract::State};
use proto::{
    Conversation, ConversationPage, Done, ListConversations, ListMessages, ListReaders, MarkRead,
    MessagePage, OpenConversation, ReaderPage, Resume, Resumed,
};
use serde::Deserialize;

use super::{
    body::{Asked, Body, Named},
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::Actor,
    app::App,
    conversation::{history, list, read, resume},
    enquiry,
    id::ConversationId,
};

/// Find or open the one conversation with a shop or a person.
#[utoipa::path(post, path = "/conversations", tag = "conversations", security(("token" = [])), request_body = OpenConversation,
    responses((status = 200, body = Conversation), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn open(
    State(app): State<App>,
    actor: Actor,
    Body(request): Body<OpenConversation>,
) -> Answer<Conversation> {
    Ok(Json(enquiry::open::open(&app, &actor, request).await?))
}

/// Whose conversations, and which page of them.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct Which {
    /// Empty: those I am in. Else: the customer conversations of this shop, for its staff.
    shop_id: String,
    /// `next_cursor` of the page before; empty: the first page.
    cursor: String,
    /// 1 to 100; 0 means 50.
    limit: u32,
}

/// My conversations or a shop's, the most recently active first.
#[utoipa::path(get, path = "/conversations", tag = "conversations", security(("token" = [])), params(Which),
    responses((status = 200, body = ConversationPage), (status = 403, body = ProblemBody)))]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Asked(which): Asked<Which>,
) -> Answer<ConversationPage> {
    let Which {
        shop_id,
        cursor,
        limit,
    } = which;
    let request = ListConversations {
        shop_id,
        cursor,
        limit,
    };
    Ok(Json(list::list(&app, &actor, request).await?))
}

/// One conversation, as the caller sees it.
#[utoipa::path(get, path = "/conversations/{conversation_id}", tag = "conversations", security(("token" = [])),
    params(("conversation_id" = String, Path)),
    responses((status = 200, body = Conversation), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
) -> Answer<Conversation> {
    Ok(Json(list::conversation(&app, &actor, id).await?))
}

/// Which part of the history.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct Part {
    /// Newest first below this number; 0: from the newest.
    before: u64,
    /// Instead: oldest first above this number.
    after: Option<u64>,
    /// 1 to 200; 0 means 50.
    limit: u32,
    /// Only pinned messages.
    pinned_only: bool,
}

/// A page of what was said.
#[utoipa::path(get, path = "/conversations/{conversation_id}/messages", tag = "conversations", security(("token" = [])),
    params(("conversation_id" = String, Path), Part),
    responses((status = 200, body = MessagePage), (status = 404, body = ProblemBody)))]
pub async fn messages(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Asked(part): Asked<Part>,
) -> Answer<MessagePage> {
    let request = ListMessages {
        conversation_id: id.to_string(),
        before: part.before,
        after: part.after,
        limit: part.limit,
        pinned_only: part.pinned_only,
    };
    Ok(Json(history::history(&app, &actor, request).await?))
}

/// How far.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadTo {
    /// The last message that was read.
    number: u64,
}

/// I have read up to here. Never goes back.
#[utoipa::path(put, path = "/conversations/{conversation_id}/read", tag = "conversations", security(("token" = [])),
    params(("conversation_id" = String, Path)), request_body = ReadTo,
    responses((status = 200, body = Done), (status = 404, body = ProblemBody)))]
pub async fn mark_read(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Body(ReadTo { number }): Body<ReadTo>,
) -> Answer<Done> {
    let conversation_id = id.to_string();
    read::mark_read(
        &app,
        &actor,
        MarkRead {
            conversation_id,
            number,
        },
    )
    .await?;
    Ok(Json(Done {}))
}

/// Who of a group has read a message.
#[utoipa::path(get, path = "/conversations/{conversation_id}/messages/{number}/readers", tag = "conversations", security(("token" = [])),
    params(("conversation_id" = String, Path), ("number" = u64, Path)),
    responses((status = 200, body = ReaderPage), (status = 404, body = ProblemBody)))]
pub async fn readers(
    State(app): State<App>,
    actor: Actor,
    Named((id, number)): Named<(ConversationId, u64)>,
) -> Answer<ReaderPage> {
    let conversation_id = id.to_string();
    let request = ListReaders {
        conversation_id,
        number,
    };
    Ok(Json(read::readers(&app, &actor, request).await?))
}

/// What was missed after these cursors, for those who poll.
#[utoipa::path(post, path = "/resume", tag = "conversations", security(("token" = [])), request_body = Resume,
    responses((status = 200, body = Resumed), (status = 422, body = ProblemBody)))]
pub async fn resume(
    State(app): State<App>,
    actor: Actor,
    Body(request): Body<Resume>,
) -> Answer<Resumed> {
    Ok(Json(resume::resume(&app, &actor, request).await?))
}
