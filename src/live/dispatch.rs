//! The table: one line per request → the verb.
//!
//! A request is answered exactly once, by its id. Database work runs in a task of its own that nobody cancels, for a
//! transaction that is cancelled while it begins may stay open on its connection. Only sends are queued in the order they
//! were read.

use std::sync::Arc;

use anyhow::anyhow;
use proto::{
    ClaimCoupon, Done, EnterDraw, MessageAccepted, Ping, Pong, Resume, Resumed, TakeRedPacket,
    client_frame::Request, reply::Answer,
};
use tokio::task::JoinHandle;

use super::{Live, line::Line};
use crate::{
    actor::Actor,
    app::App,
    clock::millis,
    conversation::{
        self, Posted, edit, history, list, pin, react, read, recall, redraw, resume, search, typing,
    },
    coupon, enquiry,
    error::{Error, Refusal, Result},
    group, lottery, red_packet,
};

/// Answers a request of an authenticated line. `under_way` is given back when the answer is queued. Where a task is
/// returned, the next request of this line is dispatched after its end: that keeps sends in order.
pub(super) fn dispatch<G: Send + 'static>(
    node: &Live,
    line: &Arc<Line>,
    id: u64,
    request: Request,
    under_way: G,
) -> Option<JoinHandle<()>> {
    if let Request::SendMessage(request) = request {
        let to = line.clone();
        let answer = move |result: Result<Posted>| {
            log_failure(&result);
            to.reply(id, result.map(accepted));
            drop(under_way);
        };
        return conversation::post::submit(&node.app, &line.actor(), request, Box::new(answer));
    }
    let (node, line) = (node.clone(), line.clone());
    node.app.tasks.clone().spawn(async move {
        let result = node.settle_request(&line, request).await;
        log_failure(&result);
        line.reply(id, result);
        drop(under_way);
    });
    None
}

impl Live {
    /// Answers when it is the person's turn: their requests, over REST and on all their sockets, do not have the database
    /// to themselves.
    async fn settle_request(&self, line: &Arc<Line>, request: Request) -> Result<Answer> {
        let actor = line.actor();
        let _place = match request {
            Request::Ping(_) => None,
            _ => Some(self.app.places.take(actor.user).await?),
        };
        self.answer(&actor, line, request).await
    }

    /// Every request by name: one that nobody answers does not compile.
    async fn answer(&self, actor: &Actor, line: &Arc<Line>, request: Request) -> Result<Answer> {
        use Answer as A;
        use Request as R;
        let app = &self.app;
        match request {
            R::Authenticate(_) => Err(Refusal::AlreadyAuthenticated.into()),
            R::SendMessage(_) => Err(Error::Broken(anyhow!("sends are queued in their order"))),
            R::Ping(Ping {}) => Ok(A::Pong(self.pong())),
            R::Resume(ask) => self.resume(line, ask).await.map(A::Resumed),
            R::WatchPresence(ask) => self.watch(line, ask).await,
            R::MarkRead(ask) => read::mark_read(app, actor, ask).await.map(done),
            R::Type(ask) if line.may_type() => typing::typing(app, actor, ask).await.map(done),
            R::Type(_) => Ok(done(())),
            R::ListMessages(ask) => history::history(app, actor, ask).await.map(A::MessagePage),
            R::ListConversations(ask) => list::list(app, actor, ask).await.map(A::ConversationPage),
            R::OpenConversation(ask) => enquiry::open::open(app, actor, ask)
                .await
                .map(A::Conversation),
            R::ListReaders(ask) => read::readers(app, actor, ask).await.map(A::ReaderPage),
            R::EditMessage(ask) => edit::edit(app, actor, ask).await.map(changed),
            R::RecallMessage(ask) => recall::recall(app, actor, ask).await.map(changed),
            R::React(ask) => react::react(app, actor, ask).await.map(changed),
            R::PinMessage(ask) => pin::pin(app, actor, ask).await.map(changed),
            R::RedrawCard(ask) => redraw::redraw_card(app, actor, ask).await.map(changed),
            R::SearchMessages(ask) => search::search(app, actor, ask)
                .await
                .map(A::MessageSearchPage),
            R::ListMembers(ask) => group::list::members(app, actor, ask)
                .await
                .map(A::MemberPage),
            R::ClaimCoupon(ask) => claim_coupon(app, actor, &ask).await.map(A::Coupon),
            R::EnterDraw(ask) => enter_draw(app, actor, &ask).await.map(A::DrawReceipt),
            R::TakeRedPacket(ask) => take_red_packet(app, actor, &ask)
                .await
                .map(A::RedPacketShare),
        }
    }

    fn pong(&self) -> Pong {
        Pong {
            now: millis(self.app.clock.now()),
        }
    }

    /// Catches up; from what was caught up with, the line is shown everything in order.
    async fn resume(&self, line: &Line, ask: Resume) -> Result<Resumed> {
        let resumed = resume::resume(&self.app, &line.actor(), ask).await?;
        let complete = resumed
            .conversations
            .iter()
            .filter(|one| !one.more && !one.left);
        self.hub
            .begin(line, complete.filter_map(|one| one.head.as_ref()));
        Ok(resumed)
    }
}

async fn claim_coupon(app: &App, actor: &Actor, ask: &ClaimCoupon) -> Result<proto::Coupon> {
    let coupon = coupon::press::press(app, &actor.customer()?, ask.gift_id.parse()?).await?;
    Ok(coupon.wire())
}

async fn enter_draw(app: &App, actor: &Actor, ask: &EnterDraw) -> Result<proto::DrawReceipt> {
    lottery::enter::enter(app, &actor.customer()?, ask.draw_id.parse()?, &ask.nonce).await
}

async fn take_red_packet(
    app: &App,
    actor: &Actor,
    ask: &TakeRedPacket,
) -> Result<proto::RedPacketShare> {
    red_packet::take::take(app, &actor.customer()?, ask.red_packet_id.parse()?).await
}

fn log_failure<T>(result: &Result<T>) {
    if let Err(Error::Broken(error)) = result {
        tracing::error!(error = format!("{error:#}"), "a request failed");
    }
}

fn done((): ()) -> Answer {
    Answer::Done(Done {})
}

/// The change itself is shown to everybody, the asking line among them.
fn changed(_: proto::Message) -> Answer {
    done(())
}

fn accepted(posted: Posted) -> Answer {
    Answer::MessageAccepted(MessageAccepted {
        conversation_id: posted.conversation.to_string(),
        number: posted.number,
        sent_at: posted.sent_at,
    })
}
