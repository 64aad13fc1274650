//! A socket of one of them: requests with their answers, and what is pushed in between.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use proto::{
    Authenticate, ClientFrame, ServerFrame, client_frame::Request, push::Event, reply::Answer,
    server_frame::Kind,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::door::Refused;

/// A server that says nothing for so long, not even a heartbeat, is given up (docs/protocol.md, part 6).
const PATIENCE: Duration = Duration::from_secs(35);
/// Pushes that wait for their reader while answers are waited for; the oldest are forgotten.
const UNREAD: usize = 1_000;

/// An open socket of somebody who has said who they are.
pub(super) struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    pushes: VecDeque<Event>,
}

impl Line {
    /// Opens one.
    pub(super) async fn open(url: &str, token: &str) -> anyhow::Result<Self> {
        let mut request = url.into_client_request()?;
        let protocol = HeaderValue::from_static("souk.v1.protobuf");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (socket, _) = connect_async(request).await?;
        let mut line = Self {
            socket,
            last_id: 0,
            pushes: VecDeque::new(),
        };
        let request = Authenticate {
            token: token.to_owned(),
            ..Authenticate::default()
        };
        line.ask(Request::Authenticate(request)).await?;
        Ok(line)
    }

    /// Asks, and gives the answer. Fails when the rules say no, and when the line breaks.
    pub(super) async fn ask(&mut self, request: Request) -> anyhow::Result<Answer> {
        self.last_id += 1;
        let (id, request) = (self.last_id, Some(request));
        let frame = ClientFrame { id, request }.encode_to_vec();
        self.socket.send(Message::Binary(frame.into())).await?;
        loop {
            match self.read().await? {
                Some(Kind::Reply(reply)) if reply.id == id => {
                    return accepted(reply.answer.context("a reply without an answer")?);
                }
                Some(Kind::Push(push)) => self.keep(push.event),
                _ => {}
            }
        }
    }

    /// What is pushed next. Cancelling it loses nothing.
    pub(super) async fn hear(&mut self) -> anyhow::Result<Event> {
        loop {
            if let Some(event) = self.pushes.pop_front() {
                return Ok(event);
            }
            if let Some(Kind::Push(push)) = self.read().await? {
                self.keep(push.event);
            }
        }
    }

    fn keep(&mut self, event: Option<Event>) {
        if self.pushes.len() == UNREAD {
            self.pushes.pop_front();
        }
        self.pushes.extend(event);
    }

    async fn read(&mut self) -> anyhow::Result<Option<Kind>> {
        let message = timeout(PATIENCE, self.socket.next()).await;
        match message.context("the server says nothing")? {
            Some(Ok(Message::Binary(data))) => Ok(ServerFrame::decode(data)?.kind),
            Some(Ok(message)) => {
                ensure!(!message.is_close(), "the server closes");
                Ok(None)
            }
            Some(Err(error)) => Err(error.into()),
            None => bail!("the line broke"),
        }
    }
}

fn accepted(answer: Answer) -> anyhow::Result<Answer> {
    match answer {
        Answer::Refused(refused) => Err(Refused::of(&refused).into()),
        answer => Ok(answer),
    }
}
