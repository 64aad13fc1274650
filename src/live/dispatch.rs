//! The table: one line per request → the verb.
//!
//! A request is answered exactly once, by its id. Database work runs in a task of its own that nobody cancels
//! (reliability: trap T1); only sends are queued in the order they were read.

use std::sync::Arc;

use proto::{Done, MessageAccepted, Pong, client_frame::Request, reply::Answer};

use super::line::Line;
use crate::{
    actor::Actor,
    app::App,
    clock::millis,
    conversation::{self, Posted, history, list, open, read, resume, typing},
    error::{Error, Refusal, Result},
};

/// Answers a request of an authenticated line. `under_way` is given back when the answer is queued.
pub(super) fn dispatch<G: Send + 'static>(
    app: &App,
    line: &Arc<Line>,
    id: u64,
    request: Request,
    under_way: G,
) {
    if let Request::SendMessage(request) = request {
        let to = line.clone();
        let answer = move |result: Result<Posted>| {
            to.reply(id, result.map(accepted));
            drop(under_way);
        };
        return conversation::post::submit(app, &line.actor(), request, Box::new(answer));
    }
    let (app, line) = (app.clone(), line.clone());
    app.tasks.clone().spawn(async move {
        let result = answer(&app, &line.actor(), &line, request).await;
        if let Err(Error::Broken(error)) = &result {
            tracing::error!(error = format!("{error:#}"), "a request failed");
        }
        line.reply(id, result);
        drop(under_way);
    });
}

async fn answer(app: &App, actor: &Actor, line: &Line, request: Request) -> Result<Answer> {
    use Request as R;
    match request {
        R::Authenticate(_) => Err(Refusal::AlreadyAuthenticated.into()),
        R::Ping(_) => Ok(Answer::Pong(Pong {
            now: millis(app.clock.now()),
        })),
        R::Resume(request) => resume::resume(app, actor, request)
            .await
            .map(Answer::Resumed),
        R::MarkRead(request) => read::mark_read(app, actor, request).await.map(done),
        R::Type(request) if line.may_type() => {
            typing::show_typing(app, actor, request).await.map(done)
        }
        R::Type(_) => Ok(done(())),
        R::ListMessages(request) => history::list_messages(app, actor, request)
            .await
            .map(Answer::MessagePage),
        R::ListConversations(request) => list::list_conversations(app, actor, request)
            .await
            .map(Answer::ConversationPage),
        R::OpenConversation(request) => open::open_conversation(app, actor, request)
            .await
            .map(Answer::Conversation),
        R::ListReaders(request) => read::list_readers(app, actor, request)
            .await
            .map(Answer::ReaderPage),
        _ => Err(Refusal::UnknownRequest.into()),
    }
}

fn done((): ()) -> Answer {
    Answer::Done(Done {})
}

fn accepted(posted: Posted) -> Answer {
    Answer::MessageAccepted(MessageAccepted {
        conversation_id: posted.conversation.to_string(),
        number: posted.number,
        sent_at: posted.sent_at,
    })
}
