//! One socket: read → dispatch → reply; outbox → write; heartbeat; drain.
//!
//! One task a socket. Reading and writing take turns; database work is done by other tasks, so that neither a slow
//! statement nor a slow reader stops the other direction for long.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use proto::{
    Authenticate, Authenticated, Heartbeat, Push, Reply, ServerFrame, UnreadAlerts,
    client_frame::Request, push, reply::Answer, server_frame::Kind,
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Live,
    alarm::{Alarm, Due},
    close::Close,
    decode::decode,
    dispatch::dispatch,
    hub::Hub,
    line::Line,
    outbox::Format,
    transport::fault,
    turn::Turn,
};
use crate::{
    account::{
        session::{self, Session},
        wire,
    },
    alert,
    clock::millis,
    error::{Error, Result, refused_argument},
    event::Frame,
};

/// A socket from its upgrade to its end.
pub struct Connection {
    socket: WebSocket,
    format: Format,
    live: Live,
}

impl Connection {
    /// Takes over an upgraded socket. Boxed: a future would keep a place for it at every step that hands it on.
    pub fn new(socket: WebSocket, format: Format, live: Live) -> Box<Self> {
        Box::new(Self {
            socket,
            format,
            live,
        })
    }

    /// Lives until the socket ends. What begins and ends it has memory of its own, given back at once: nearly all of
    /// its life a connection only waits.
    pub async fn run(mut self: Box<Self>) {
        let close = match Box::pin(self.authenticate()).await {
            Err(close) => close,
            Ok(entry) => self.converse(&entry.line).await,
        };
        metrics::counter!("souk_closes", "reason" => close.reason()).increment(1);
        Box::pin(self.say_goodbye(&close)).await;
    }

    /// The first frame says who is there. Anything else closes the socket.
    async fn authenticate(&mut self) -> Result<Entry, Close> {
        let limits = &self.live.app.config.limits;
        let (longest, deadline) = (limits.first_frame_bytes, limits.first_frame_ms);
        let message = timeout(Duration::from_millis(deadline), self.next_data())
            .await
            .unwrap_or(Err(Close::NotAuthenticated))?;
        if message.len() > longest {
            return Err(Close::Protocol);
        }
        let Ok((id, Request::Authenticate(request))) = decode(&message, self.format) else {
            return Err(Close::Protocol);
        };
        match self.admit(request).await {
            Ok((entry, welcome)) => {
                self.write(vec![
                    self.encode(&reply(id, Answer::Authenticated(welcome))),
                ])
                .await?;
                Ok(entry)
            }
            Err(error) => {
                self.write(vec![
                    self.encode(&reply(id, Answer::Refused(error.to_refused()))),
                ])
                .await?;
                Err(Close::refused(&error))
            }
        }
    }

    /// Settles who is there and where they belong. From its return on, events are queued: what the client missed
    /// before is in the log.
    async fn admit(&mut self, request: Authenticate) -> Result<(Entry, Authenticated)> {
        let (node, format) = (self.live.clone(), self.format);
        let turn = self.live.turn_to_enter().await?;
        let admitted = self.live.app.tasks.spawn(async move {
            let _turn = turn;
            let session = recognise(&node, &request).await?;
            let line = Line::new(
                session.actor.clone(),
                format,
                node.app.config.limits.queue_bytes,
            );
            let entry = Entry::new(&node.hub, line);
            node.settle(&entry.line).await?;
            let unread = alert::read::unread(&node.app, &entry.line.actor()).await?;
            Ok((entry, welcome(&node, &session, unread)))
        });
        admitted
            .await
            .map_err(|error| Error::Broken(error.into()))?
    }

    async fn next_data(&mut self) -> Result<axum::body::Bytes, Close> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(data))) if self.format == Format::Binary => {
                    return Ok(data);
                }
                Some(Ok(Message::Text(text))) if self.format == Format::Json => {
                    return Ok(text.into());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Text(_))) => return Err(Close::Protocol),
                Some(Err(error)) => return Err(broken(&error)),
                Some(Ok(Message::Close(_))) | None => return Err(Close::Silent),
            }
        }
    }

    /// Reads and writes until one side ends.
    async fn converse(&mut self, line: &Arc<Line>) -> Close {
        let limits = &self.live.app.config.limits;
        let mut turn = Turn::new(limits);
        let mut alarm = Alarm::new(limits, Instant::now());
        let mut timer = pin!(sleep_until(alarm.at(Instant::now())));
        loop {
            tokio::select! {
                biased;
                () = line.outbox.wait() => {
                    // Others first: what is queued meanwhile goes out with the same flush.
                    yield_now().await;
                    let (messages, close) = line.outbox.take(self.format);
                    if let Err(close) = self.write(messages).await { return close }
                    if let Some(close) = close { return close }
                }
                () = turn.come(), if !turn.has_come() => {}
                message = self.socket.next(), if turn.has_come() => {
                    let now = Instant::now();
                    alarm.hear(now);
                    let message = match message {
                        Some(Ok(message)) => message,
                        Some(Err(error)) => return broken(&error),
                        None => return Close::Silent,
                    };
                    if let Err(close) = self.hear(line, &mut turn, &message, now) { return close }
                }
                () = &mut timer => {
                    let now = Instant::now();
                    match alarm.ring(now, turn.has_come()) {
                        Due::Nothing => {}
                        Due::Silent => return Close::Silent,
                        Due::Ping => if let Err(close) = self.ping().await { return close },
                    }
                    timer.as_mut().reset(alarm.at(now));
                }
            }
        }
    }

    async fn ping(&mut self) -> Result<(), Close> {
        let beat = self.encode(&heartbeat());
        self.write(vec![Message::Ping(axum::body::Bytes::new()), beat])
            .await
    }

    /// A message from the client. A request takes its turn.
    fn hear(
        &self,
        line: &Arc<Line>,
        turn: &mut Turn,
        message: &Message,
        now: Instant,
    ) -> Result<(), Close> {
        let data: &[u8] = match (message, self.format) {
            (Message::Binary(data), Format::Binary) => data,
            (Message::Text(text), Format::Json) => text.as_bytes(),
            (Message::Ping(_) | Message::Pong(_), _) => return turn.hear(false, now),
            (Message::Close(_), _) => return Ok(()),
            _ => return Err(Close::Protocol),
        };
        let read = decode(data, self.format);
        let send = matches!(read, Ok((_, Request::SendMessage(_))));
        turn.hear(send, now)?;
        match read {
            Err((id, error)) => line.reply(id, Err(error)),
            Ok((id, request)) => match turn.take(send, now) {
                Ok(place) => turn.then(dispatch(&self.live, line, id, request, place)),
                Err(refused) => line.reply(id, Err(refused)),
            },
        }
        Ok(())
    }

    /// Writes all with one flush.
    async fn write(&mut self, messages: Vec<Message>) -> Result<(), Close> {
        if messages.is_empty() {
            return Ok(());
        }
        let patience = Duration::from_secs(self.live.app.config.limits.write_seconds);
        let written = timeout(patience, async {
            for message in messages {
                self.socket.feed(message).await?;
            }
            self.socket.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Close::Silent),
            Err(_) => Err(Close::Stalled),
        }
    }

    fn encode(&self, frame: &ServerFrame) -> Message {
        let frame = Frame::new(frame);
        match self.format {
            Format::Binary => Message::Binary(frame.binary().clone()),
            Format::Json => Message::Text(frame.json().clone()),
        }
    }

    /// Says why, sends the close frame, and reads to the end of the stream, so that the close is clean: a socket
    /// that is dropped with bytes unread is reset, and the reset may overtake the reason.
    async fn say_goodbye(&mut self, close: &Close) {
        let goodbye = close.goodbye(rand::random());
        let goodbye = self.encode(&push(push::Event::Goodbye(goodbye)));
        let frame = CloseFrame {
            code: close.code(),
            reason: close.sentence().into(),
        };
        if self
            .write(vec![goodbye, Message::Close(Some(frame))])
            .await
            .is_err()
        {
            return;
        }
        let _ = timeout(Duration::from_secs(2), async {
            while let Some(Ok(_)) = self.socket.next().await {}
        })
        .await;
    }
}

/// A line's entry in the hub: whatever happens to the connection, the line does not outlive it.
struct Entry {
    hub: Arc<Hub>,
    line: Arc<Line>,
}

impl Entry {
    fn new(hub: &Arc<Hub>, line: Arc<Line>) -> Self {
        metrics::gauge!("souk_lines").increment(1);
        Self {
            hub: hub.clone(),
            line,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.hub.leave(&self.line);
        metrics::gauge!("souk_lines").decrement(1);
    }
}

/// Why nothing more can be read.
fn broken(error: &axum::Error) -> Close {
    fault(error).map_or(Close::Silent, |frame| Close::Fault(frame.code))
}

async fn recognise(live: &Live, request: &Authenticate) -> Result<Session> {
    match (&request.token[..], &request.ticket[..]) {
        ("", "") => Err(refused_argument("token", "or `ticket` is needed")),
        (token, "") => session::of_token(&live.app, &session::read(token)?).await,
        ("", ticket) => session::of_ticket(&live.app, ticket).await,
        _ => Err(refused_argument("ticket", "stands alone, without `token`")),
    }
}

fn welcome(live: &Live, session: &Session, unread_alerts: Vec<UnreadAlerts>) -> Authenticated {
    let actor = &session.actor;
    Authenticated {
        user: Some(actor.as_seen()),
        session_id: session.id.to_string(),
        posts: actor.posts.iter().map(wire::post).collect(),
        now: millis(live.app.clock.now()),
        access_expires_at: millis(session.access_expires_at),
        unread_alerts,
    }
}

fn push(event: push::Event) -> ServerFrame {
    ServerFrame {
        kind: Some(Kind::Push(Push { event: Some(event) })),
    }
}

fn reply(id: u64, answer: Answer) -> ServerFrame {
    ServerFrame {
        kind: Some(Kind::Reply(Reply {
            id,
            answer: Some(answer),
        })),
    }
}

fn heartbeat() -> ServerFrame {
    push(push::Event::Heartbeat(Heartbeat { heads: vec![] }))
}
