//! Where a played provider is called: honest answers, and tricks.

use std::sync::{Arc, Mutex};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::Request,
    response::Response,
};
use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;

use super::{Plays, Trick, alipay, book::Book, wechat};

pub(super) struct Desk {
    pub(super) plays: Plays,
    pub(super) book: Mutex<Book>,
    /// Never opened.
    pub(super) gate: Semaphore,
}

pub(super) async fn hear(State(desk): State<Arc<Desk>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let (said, trick) = {
        let mut book = desk.book.lock().unwrap();
        let trick = book.tricks.pop_front();
        let said = match desk.plays {
            Plays::WechatPay => wechat::answer(&mut book, &head, &body, trick.as_ref()),
            Plays::Alipay => alipay::answer(&mut book, &body, trick.as_ref()),
        };
        (said, trick)
    };
    match trick {
        Some(Trick::Hangs) => {
            let _ = desk.gate.acquire().await;
            said
        }
        Some(Trick::Floods) => Response::new(Body::from(vec![b' '; 1 << 20])),
        Some(Trick::Breaks) => halved(said).await,
        Some(Trick::Redirects) => with_status(307, "location", "http://127.0.0.1:9/elsewhere"),
        Some(Trick::FailsOnTheWay) => with_status(502, "content-type", "text/html"),
        _ => said,
    }
}

/// The first half, and then nothing more.
async fn halved(said: Response) -> Response {
    let (head, body) = said.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let half = body.slice(..body.len() / 2);
    let broken = Err(std::io::Error::other("the line is cut"));
    let halves = stream::iter([Ok::<Bytes, _>(half)]).chain(stream::iter([broken]));
    Response::from_parts(head, Body::from_stream(halves))
}

fn with_status(status: u16, header: &str, value: &str) -> Response {
    let answer = Response::builder().status(status).header(header, value);
    answer.body(Body::empty()).expect("a response")
}
