//! One socket: read → dispatch → reply; outbox → write; heartbeat; drain.
//!
//! One task a socket. Reading and writing take turns; database work is done by other tasks, so that neither a slow
//! statement nor a slow reader stops the other direction for long.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use proto::{
    Authenticate, Authenticated, Heartbeat, Push, Reply, ServerFrame, client_frame::Request, push,
    reply::Answer, server_frame::Kind,
};
use tokio::{
    sync::Semaphore,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::{Live, close::Close, decode::decode, dispatch::dispatch, line::Line, outbox::Format};
use crate::{
    account::{
        session::{self, Session},
        wire,
    },
    clock::millis,
    error::{Error, Refusal, Result, refused_argument},
    event::Frame,
};

/// A socket from its upgrade to its end.
pub struct Connection {
    socket: WebSocket,
    format: Format,
    live: Live,
    heard_at: Instant,
}

impl Connection {
    /// Takes over an upgraded socket.
    pub fn new(socket: WebSocket, format: Format, live: Live) -> Self {
        Self {
            socket,
            format,
            live,
            heard_at: Instant::now(),
        }
    }

    /// Lives until the socket ends.
    pub async fn run(mut self) {
        let deadline = Duration::from_millis(self.live.app.config.limits.first_frame_ms);
        let close = match timeout(deadline, self.authenticate()).await {
            Err(_) => Close::NotAuthenticated,
            Ok(Err(close)) => close,
            Ok(Ok(line)) => {
                metrics::gauge!("souk_lines").increment(1);
                let close = self.converse(&line).await;
                self.live.hub.leave(&line);
                metrics::gauge!("souk_lines").decrement(1);
                close
            }
        };
        self.say_goodbye(&close).await;
    }

    /// The first frame says who is there. Anything else closes the socket.
    async fn authenticate(&mut self) -> Result<Arc<Line>, Close> {
        let longest = self.live.app.config.limits.first_frame_bytes;
        let message = self.next_data().await.ok_or(Close::Silent)?;
        if message.len() > longest {
            return Err(Close::Protocol);
        }
        let (id, request) = match decode(&message, self.format) {
            Ok((id, Request::Authenticate(request))) => (id, request),
            _ => return Err(Close::Protocol),
        };
        match self.admit(request).await {
            Ok((line, welcome)) => {
                self.write(vec![
                    self.encode(&reply(id, Answer::Authenticated(welcome))),
                ])
                .await?;
                Ok(line)
            }
            Err(error) => {
                let close = if error.refusal().is_some_and(wrong_token) {
                    Close::WrongToken
                } else {
                    Close::Stalled
                };
                self.write(vec![
                    self.encode(&reply(id, Answer::Refused(error.to_refused()))),
                ])
                .await?;
                Err(close)
            }
        }
    }

    /// Settles who is there and where they belong. From its return on, events are queued: what the client missed
    /// before is in the log.
    async fn admit(&mut self, request: Authenticate) -> Result<(Arc<Line>, Authenticated)> {
        let (live, format) = (self.live.clone(), self.format);
        let admitted = self.live.app.tasks.spawn(async move {
            let session = recognise(&live, &request).await?;
            let line = Line::new(
                session.actor.clone(),
                format,
                live.app.config.limits.queue_bytes,
            );
            live.settle(&line).await?;
            Ok((line, welcome(&live, &session)))
        });
        admitted
            .await
            .map_err(|error| Error::Broken(error.into()))?
    }

    async fn next_data(&mut self) -> Option<axum::body::Bytes> {
        loop {
            match self.socket.next().await?.ok()? {
                Message::Binary(data) if self.format == Format::Binary => return Some(data),
                Message::Text(text) if self.format == Format::Json => return Some(text.into()),
                Message::Ping(_) | Message::Pong(_) => {}
                _ => return None,
            }
        }
    }

    /// Reads and writes until one side ends.
    async fn converse(&mut self, line: &Arc<Line>) -> Close {
        let limits = self.live.app.config.limits.clone();
        let places = Arc::new(Semaphore::new(limits.requests_under_way));
        let mut ticks = interval(Duration::from_secs(limits.ping_seconds));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.reset();
        let silence = Duration::from_secs(limits.silence_seconds);
        let mut first = None;
        loop {
            tokio::select! {
                biased;
                () = line.outbox.wait() => {
                    let (messages, close) = line.outbox.take(self.format);
                    if let Err(close) = self.write(messages).await { return close }
                    if let Some(close) = close { return close }
                }
                () = ended(&mut first), if first.is_some() => first = None,
                message = self.socket.next(), if first.is_none() => {
                    self.heard_at = Instant::now();
                    let Some(Ok(message)) = message else { return Close::Silent };
                    match self.hear(line, &places, &message).await {
                        Ok(task) => first = task,
                        Err(close) => return close,
                    }
                }
                _ = ticks.tick() => {
                    if self.heard_at.elapsed() > silence { return Close::Silent }
                    let beat = self.encode(&heartbeat());
                    if let Err(close) = self.write(vec![Message::Ping(axum::body::Bytes::new()), beat]).await { return close }
                }
            }
        }
    }

    /// Gives the task that must end before the next message is heard, if there is one.
    async fn hear(
        &mut self,
        line: &Arc<Line>,
        places: &Arc<Semaphore>,
        message: &Message,
    ) -> Result<Option<JoinHandle<()>>, Close> {
        let data: &[u8] = match (message, self.format) {
            (Message::Binary(data), Format::Binary) => data,
            (Message::Text(text), Format::Json) => text.as_bytes(),
            (Message::Ping(_) | Message::Pong(_), _) => return Ok(None),
            (Message::Close(_), _) => return Ok(None),
            _ => return Err(Close::Protocol),
        };
        let (id, request) = match decode(data, self.format) {
            Ok(read) => read,
            Err((id, error)) => {
                line.reply(id, Err(error));
                return Ok(None);
            }
        };
        // Closed never; waiting here is what slows down a client with too much under way.
        let Ok(place) = places.clone().acquire_owned().await else {
            return Ok(None);
        };
        Ok(dispatch(&self.live.app, line, id, request, place))
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

    /// Says why, sends the close frame, and reads to the end of the stream, so that the close is clean (trap T4).
    async fn say_goodbye(mut self, close: &Close) {
        let goodbye = self.encode(&push(push::Event::Goodbye(close.goodbye())));
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

/// Waits for the task, whatever became of it.
async fn ended(task: &mut Option<JoinHandle<()>>) {
    if let Some(task) = task {
        let _ = task.await;
    }
}

async fn recognise(live: &Live, request: &Authenticate) -> Result<Session> {
    match (&request.token[..], &request.ticket[..]) {
        ("", "") => Err(refused_argument("token", "or `ticket` is needed")),
        (token, "") => session::of_token(&live.app, token).await,
        ("", ticket) => session::of_ticket(&live.app, ticket).await,
        _ => Err(refused_argument("ticket", "stands alone, without `token`")),
    }
}

fn wrong_token(code: Refusal) -> bool {
    !matches!(code, Refusal::Overloaded | Refusal::Unavailable)
}

fn welcome(live: &Live, session: &Session) -> Authenticated {
    let actor = &session.actor;
    Authenticated {
        user: Some(wire::user(actor)),
        session_id: session.id.to_string(),
        posts: actor.posts.iter().map(wire::post).collect(),
        now: millis(live.app.clock.now()),
        expires_at: millis(session.expires_at),
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
