//! A form that brings one file: its body is read piece by piece, within a time, and no more of it is held than has to be.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream},
    extract::{FromRequest as _, Multipart, Request},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Result, refused_argument};

/// Bytes that a form may bring before its file begins.
const PREAMBLE: usize = 128 * 1_024;

/// A form of which nothing has been read yet.
#[derive(Debug)]
pub(super) struct Form {
    parts: Multipart,
    begun: Arc<AtomicBool>,
}

impl Form {
    /// Refuses what is no form with `invalid_argument`.
    pub(super) async fn new(request: Request, within: Duration) -> Result<Self> {
        let (begun, deadline) = (Arc::<AtomicBool>::default(), Instant::now() + within);
        let request = request.map(|body| {
            let reading = Reading {
                body: body.into_data_stream(),
                deadline,
                begun: Arc::clone(&begun),
                preamble: 0,
            };
            Body::from_stream(stream::try_unfold(reading, Reading::next))
        });
        let parts = Multipart::from_request(request, &()).await;
        let parts = parts.map_err(|_| missing())?;
        Ok(Self { parts, begun })
    }

    /// The first field, which is the file: its name and its bytes. Refuses another one with `invalid_argument`.
    pub(super) async fn file(
        &mut self,
    ) -> Result<(
        String,
        impl Stream<Item = Result<Bytes, axum::Error>> + Send,
    )> {
        let field = self.parts.next_field().await.map_err(|_| missing())?;
        let field = field.filter(|field| field.name() == Some("file"));
        let field = field.ok_or_else(missing)?;
        self.begun.store(true, Ordering::Relaxed);
        let name = field.file_name().unwrap_or_default().to_owned();
        Ok((name, field.map(|part| part.map_err(axum::Error::new))))
    }
}

fn missing() -> Error {
    refused_argument("file", "is missing from the form")
}

/// A body that is being read.
struct Reading {
    body: BodyDataStream,
    deadline: Instant,
    /// The file has begun: from then on its reader counts.
    begun: Arc<AtomicBool>,
    preamble: usize,
}

impl Reading {
    /// The next piece. Whoever reads forms takes all that is ready before looking at it, so after each piece nothing is.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, axum::Error> {
        tokio::task::yield_now().await;
        let next = timeout_at(self.deadline, self.body.next()).await;
        let Some(piece) = next.map_err(axum::Error::new)?.transpose()? else {
            return Ok(None);
        };
        if !self.begun.load(Ordering::Relaxed) {
            self.preamble += piece.len();
            if self.preamble > PREAMBLE {
                return Err(axum::Error::new(Endless));
            }
        }
        Ok(Some((piece, self)))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a form that does not come to its file")]
struct Endless;
