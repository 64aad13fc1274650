//! The server's way in and its transport with an echo in place of the protocol, for the WebSocket conformance runner
//! (`tests/conformance/run`): `cargo run --example echo -- 127.0.0.1:9001 [BYTES]`, BYTES being the largest message.

use axum::{
    Router,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    routing::get,
};
use futures_util::StreamExt as _;
use souk::{
    config,
    door::{accept::Door, limits::Limits},
    live::transport::{fault, sized},
    shutdown::Shutdown,
};
use tokio::net::TcpListener;

/// The conformance suite sends messages of 16 MiB.
const LARGEST: usize = 64 * 1_024 * 1_024;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let largest = arguments
        .next()
        .map_or(Ok(LARGEST), |bytes| bytes.parse())?;
    let sizes = config::Limits {
        frame_bytes: largest,
        queue_bytes: largest,
        ..config::Limits::default()
    };
    let upgrade =
        move |upgrade: WebSocketUpgrade| async move { sized(upgrade, &sizes).on_upgrade(echo) };
    let door = Door {
        listener: TcpListener::bind(address).await?,
        router: Router::new().route("/", get(upgrade)),
        limits: Limits {
            exempt: vec!["127.0.0.0/8".parse()?],
            ..Limits::default()
        },
        tls: None,
    };
    let shutdown = Shutdown::default();
    door.serve(shutdown.soft().clone(), shutdown.tasks().clone())
        .await;
    Ok(())
}

/// Sends back what comes, to the end of the stream: a handler that leaves at the close message makes it unclean (trap T4).
async fn echo(mut socket: WebSocket) {
    while let Some(message) = socket.next().await {
        let answer = match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => message,
            Ok(_) => continue,
            Err(error) => match fault(&error) {
                Some(frame) => Message::Close(Some(frame)),
                None => return,
            },
        };
        if socket.send(answer).await.is_err() {
            return;
        }
    }
}
