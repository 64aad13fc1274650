//! One socket of one person: requests with their answers, and the pushes in between.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use proto::{
    Authenticate, Authenticated, ClientFrame, Refused, Reply, ServerFrame, client_frame::Request,
    json, push::Event, reply::Answer, server_frame::Kind,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message, client::IntoClientRequest as _, http::HeaderValue, protocol::CloseFrame,
    },
};

/// A server that says nothing for so long, not even a ping, is given up (docs/protocol.md, part 6).
const PATIENCE: Duration = Duration::from_secs(35);

/// A wire format: the WebSocket sub-protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Protobuf in binary frames.
    Binary,
    /// JSON in text frames.
    Json,
}

/// Why the other side ended the conversation.
#[derive(Debug, thiserror::Error)]
#[error("closed: {code} {reason}")]
pub struct Closed {
    /// The WebSocket close code; 0 without a close frame.
    pub code: u16,
    /// The close reason.
    pub reason: String,
}

/// An open socket.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    format: Format,
    last_id: u64,
    pushes: VecDeque<Event>,
    replies: VecDeque<Reply>,
}

impl Client {
    /// Opens a socket (`ws://host:port`, without a path) and says nothing yet.
    pub async fn open(url: &str, format: Format) -> anyhow::Result<Self> {
        let mut request = format!("{url}/socket").into_client_request()?;
        let protocol = match format {
            Format::Binary => "souk.v1.protobuf",
            Format::Json => "souk.v1.json",
        };
        request
            .headers_mut()
            .insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
        let (socket, _) = connect_async(request).await?;
        Ok(Self {
            socket,
            format,
            last_id: 0,
            pushes: VecDeque::new(),
            replies: VecDeque::new(),
        })
    }

    /// Opens a socket and authenticates with an access token.
    pub async fn connect(
        url: &str,
        format: Format,
        token: &str,
    ) -> anyhow::Result<(Self, Authenticated)> {
        let mut client = Self::open(url, format).await?;
        let request = Authenticate {
            token: token.to_owned(),
            ..Authenticate::default()
        };
        match client.request(Request::Authenticate(request)).await? {
            Answer::Authenticated(welcome) => Ok((client, welcome)),
            other => bail!("expected `authenticated`, got {other:?}"),
        }
    }

    /// Sends a request and waits for its answer. A refusal is an answer.
    pub async fn request(&mut self, request: Request) -> anyhow::Result<Answer> {
        let id = self.send(request).await?;
        self.answer(id).await
    }

    /// Sends a request and does not wait. Gives its id.
    pub async fn send(&mut self, request: Request) -> anyhow::Result<u64> {
        self.last_id += 1;
        let frame = ClientFrame {
            id: self.last_id,
            request: Some(request),
        };
        let message = match self.format {
            Format::Binary => Message::Binary(frame.encode_to_vec().into()),
            Format::Json => Message::Text(json::write(&frame).into()),
        };
        self.socket.send(message).await?;
        Ok(self.last_id)
    }

    /// Sends a message as it stands: for those who try what is not in the contract.
    pub async fn send_raw(&mut self, message: Message) -> anyhow::Result<()> {
        Ok(self.socket.send(message).await?)
    }

    /// Waits for the answer to a request that was sent.
    pub async fn answer(&mut self, id: u64) -> anyhow::Result<Answer> {
        loop {
            if let Some(place) = self.replies.iter().position(|reply| reply.id == id) {
                let reply = self
                    .replies
                    .remove(place)
                    .context("the place was just found")?;
                return reply.answer.context("a reply without an answer");
            }
            self.read().await?;
        }
    }

    /// The next reply, to whatever request.
    pub async fn next_reply(&mut self) -> anyhow::Result<Reply> {
        while self.replies.is_empty() {
            self.read().await?;
        }
        self.replies.pop_front().context("there is one")
    }

    /// The next push; heartbeats without heads are passed over.
    pub async fn next_push(&mut self) -> anyhow::Result<Event> {
        while self.pushes.is_empty() {
            self.read().await?;
        }
        self.pushes.pop_front().context("there is one")
    }

    /// Pushes that have been read while waiting for answers.
    pub fn pushes_so_far(&mut self) -> Vec<Event> {
        self.pushes.drain(..).collect()
    }

    /// Reads until the server closes; gives the code and the pushes before it.
    pub async fn closed(&mut self) -> anyhow::Result<Closed> {
        loop {
            if let Err(error) = self.read().await {
                return error.downcast::<Closed>();
            }
        }
    }

    /// Takes its leave.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.socket.close(None).await?;
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let message = timeout(PATIENCE, self.socket.next())
            .await
            .context("the server says nothing")?;
        let frame = match message {
            Some(Ok(Message::Binary(data))) => ServerFrame::decode(data)?,
            Some(Ok(Message::Text(text))) => {
                serde_json::from_str(&text).with_context(|| format!("unreadable: {text}"))?
            }
            Some(Ok(Message::Close(frame))) => return Err(closed(frame).into()),
            Some(Ok(_)) => return Ok(()),
            Some(Err(_)) | None => return Err(closed(None).into()),
        };
        match frame.kind.context("an empty frame")? {
            Kind::Reply(reply) => self.replies.push_back(reply),
            Kind::Push(push) => match push.event.context("an empty push")? {
                Event::Heartbeat(beat) if beat.heads.is_empty() => {}
                event => self.pushes.push_back(event),
            },
        }
        Ok(())
    }
}

fn closed(frame: Option<CloseFrame>) -> Closed {
    let (code, reason) = frame.map_or((0, String::new()), |frame| {
        (frame.code.into(), frame.reason.to_string())
    });
    Closed { code, reason }
}

/// A refusal as an error, for callers who expect none.
pub fn accepted(answer: Answer) -> anyhow::Result<Answer> {
    match answer {
        Answer::Refused(Refused { code, sentence, .. }) => bail!("refused: {code} {sentence}"),
        answer => Ok(answer),
    }
}
