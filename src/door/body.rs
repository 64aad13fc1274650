//! The body of a request, as long as it comes fast enough.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::limits::Limits;
use super::patience::Patience;

/// A body that fails when its sender takes too long, whether it has a length or comes in chunks. It is answered then, and
/// the connection ends, since the rest of the body is never read.
pub(super) struct Timely {
    body: Incoming,
    patience: Patience,
}

/// The body did not come fast enough.
#[derive(Debug, thiserror::Error)]
#[error("the body comes too slowly")]
struct TooSlow;

impl Timely {
    pub(super) fn new(body: Incoming, limits: &Limits) -> Self {
        let patience = Patience::new(limits);
        Self { body, patience }
    }
}

impl Body for Timely {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let data = frame.as_ref().and_then(|frame| frame.as_ref().ok());
                let data = data.and_then(Frame::data_ref);
                self.patience.moved(data.map_or(0, Bytes::len));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                ready!(self.patience.poll_spent(cx));
                Poll::Ready(Some(Err(TooSlow.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
