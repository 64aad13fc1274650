//! A server that knows nobody and keeps nothing: every message goes to every socket. What it reaches is what this
//! machine's sockets can do with the WebSocket library that Souk uses; `limits` measures it with the same people.

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use proto::{
    Authenticated, ClientFrame, Message as Line, MessageAccepted, MessagePosted, Push, Reply,
    SendMessage, ServerFrame, client_frame::Request, push, reply::Answer, server_frame::Kind,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::Notify,
    task::JoinSet,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// The bare server as a program of its own, so that its memory and its sockets are its own. Also ends when dropped.
pub struct Bare {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process id.
    pub pid: u32,
    child: Child,
}

impl Bare {
    /// Starts this very program as `bare`.
    pub async fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the bare server")?;
        let said = child.stdout.take().context("its words are piped")?;
        let line = BufReader::new(said).lines().next_line().await?;
        let address = line.context("the bare server said nothing")?.parse()?;
        let pid = child.id().context("it has just started")?;
        Ok(Self {
            address,
            pid,
            child,
        })
    }

    /// Ends it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}

#[derive(Default)]
struct Room {
    queues: std::sync::Mutex<Vec<Arc<Queue>>>,
    number: AtomicU64,
}

#[derive(Default)]
struct Queue {
    frames: std::sync::Mutex<Vec<Bytes>>,
    wake: Notify,
}

impl Queue {
    fn push(&self, frame: Bytes) {
        self.frames.lock().expect("nobody panics").push(frame);
        self.wake.notify_one();
    }

    fn take(&self) -> Vec<Bytes> {
        std::mem::take(&mut *self.frames.lock().expect("nobody panics"))
    }
}

/// Serves until the process ends; says its address on standard output first.
#[expect(clippy::print_stdout, reason = "its parent reads it")]
pub async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let room = Arc::new(Room::default());
    let mut sockets = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                sockets.spawn(converse(accepted?.0, room.clone()));
            }
            Some(_) = sockets.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, room: Arc<Room>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(4_096)
        .write_buffer_size(32 * 1_024);
    let mut socket = accept_async_with_config(stream, Some(config)).await?;
    let queue = Arc::new(Queue::default());
    room.enter(&queue);
    let ended = exchange(&mut socket, &room, &queue).await;
    room.leave(&queue);
    ended
}

async fn exchange(
    socket: &mut WebSocketStream<TcpStream>,
    room: &Room,
    queue: &Arc<Queue>,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            biased;
            () = queue.wake.notified() => {
                for frame in queue.take() {
                    socket.feed(Message::Binary(frame)).await?;
                }
                socket.flush().await?;
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(data))) => room.hear(ClientFrame::decode(data)?, queue),
                Some(Ok(_)) => {}
                _ => return Ok(()),
            }
        }
    }
}

impl Room {
    fn enter(&self, queue: &Arc<Queue>) {
        self.queues
            .lock()
            .expect("nobody panics")
            .push(queue.clone());
    }

    fn leave(&self, queue: &Arc<Queue>) {
        let mut queues = self.queues.lock().expect("nobody panics");
        queues.retain(|one| !Arc::ptr_eq(one, queue));
    }

    fn hear(&self, frame: ClientFrame, queue: &Queue) {
        let answer = match frame.request {
            Some(Request::SendMessage(request)) => self.pass_on(request),
            _ => Answer::Authenticated(Authenticated::default()),
        };
        let (id, answer) = (frame.id, Some(answer));
        queue.push(encode(Kind::Reply(Reply { id, answer })));
    }

    /// The same bytes to everybody.
    fn pass_on(&self, request: SendMessage) -> Answer {
        let queues = self.queues.lock().expect("nobody panics");
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let event = Some(push::Event::MessagePosted(MessagePosted {
            message: Some(line(&request, number)),
        }));
        let frame = encode(Kind::Push(Push { event }));
        queues.iter().for_each(|queue| queue.push(frame.clone()));
        Answer::MessageAccepted(MessageAccepted {
            conversation_id: request.conversation_id,
            number,
            sent_at: 0,
        })
    }
}

/// As long as Souk's own.
fn line(request: &SendMessage, number: u64) -> Line {
    Line {
        conversation_id: request.conversation_id.clone(),
        number,
        client_message_id: request.client_message_id.clone(),
        sender: Some(proto::Sender {
            user_id: request.conversation_id.clone(),
            kind: 1,
            name: "Loader".into(),
            shop_id: String::new(),
        }),
        sent_at: 1_800_000_000_000,
        text: request.text.clone(),
        version: 1,
        ..Line::default()
    }
}

fn encode(kind: Kind) -> Bytes {
    ServerFrame { kind: Some(kind) }.encode_to_vec().into()
}
