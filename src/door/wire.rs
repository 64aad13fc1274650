//! One connection's bytes, with the connection's clock and its seat.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::doorman::Seat;
use super::framing::Framing;
use super::limits::Limits;
use super::patience::Patience;

/// A stream that hangs up on a client who keeps us waiting, and gives its seat back when dropped.
///
/// The clock runs while the client owes us a head; for a body it is the body's own (`body`), and while he waits for the
/// answer there is none. It is read when the stream has nothing to read, which is when hyper would wait. Apart from that
/// there is `patience` with a client who does not take what we write. An upgraded connection has rules of its own and
/// neither of the two.
pub(super) struct Wire<S> {
    stream: S,
    line: Arc<Line>,
    /// What HTTP needs; a socket, of which there are many, does not carry it on.
    http: Option<Box<Http>>,
    // After `stream`: the seat is free when the descriptor is.
    _seat: Seat,
}

/// The clock, and the patience.
struct Http {
    limits: Arc<Limits>,
    clock: Pin<Box<Sleep>>,
    waited_for: Wait,
    patience: Patience,
}

/// What the wire and the requests on it know of each other.
pub(super) struct Line(Mutex<State>);

struct State {
    framing: Framing,
    begun: u64,
    answering: bool,
    upgraded: bool,
    guest: Option<Seat>,
}

/// What we wait for; the numbers tell one wait from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// The first head, counted from accept.
    First,
    /// The first byte of a later head.
    Next(u64),
    /// The rest of a later head.
    Rest(u64),
    /// The client waits for us.
    Answering,
    /// No more heads will come.
    Upgraded,
}

/// A request is being answered for as long as this lives.
pub(super) struct Answering(Arc<Line>);

/// The request's length is not beyond doubt (see `framing`).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crooked;

impl Line {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            framing: Framing::new(),
            begun: 0,
            answering: false,
            upgraded: false,
            guest: None,
        })))
    }

    /// A request has arrived in order; stops the clock until its answer is out.
    pub(super) fn begin(self: &Arc<Self>) -> Result<Answering, Crooked> {
        let mut state = self.0.lock();
        state.begun += 1;
        if state.framing.crooked() == Some(state.begun) {
            return Err(Crooked);
        }
        state.answering = true;
        Ok(Answering(self.clone()))
    }

    /// From now on the bytes are not HTTP; `guest` is kept for as long as the connection.
    pub(super) fn upgrade(&self, guest: Option<Seat>) {
        let mut state = self.0.lock();
        state.upgraded = true;
        state.guest = guest;
    }

    fn saw(&self, bytes: &[u8]) {
        let mut state = self.0.lock();
        if !state.upgraded {
            state.framing.feed(bytes);
        }
    }

    fn wait(&self) -> Wait {
        let state = self.0.lock();
        match state.framing.heads() {
            _ if state.upgraded => Wait::Upgraded,
            _ if state.answering => Wait::Answering,
            0 => Wait::First,
            heads if state.framing.within_head() => Wait::Rest(heads),
            heads => Wait::Next(heads),
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.lock().answering = false;
    }
}

impl<S> Wire<S> {
    /// `deadline` is the instant by which the first head must have come.
    pub(super) fn new(
        stream: S,
        line: Arc<Line>,
        limits: Arc<Limits>,
        deadline: Instant,
        seat: Seat,
    ) -> Self {
        let http = Http {
            patience: Patience::new(&limits),
            limits,
            clock: Box::pin(sleep_until(deadline)),
            waited_for: Wait::First,
        };
        Self {
            stream,
            line,
            http: Some(Box::new(http)),
            _seat: seat,
        }
    }

    /// Pending while the client may still be waited for; then an error, which ends the connection.
    fn poll_clock(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(http) = &mut self.http else {
            return Poll::Pending;
        };
        let wait = self.line.wait();
        let patience = match wait {
            Wait::First | Wait::Rest(_) => http.limits.header_deadline,
            Wait::Next(_) => http.limits.idle,
            Wait::Answering | Wait::Upgraded => return Poll::Pending,
        };
        if wait != http.waited_for {
            http.waited_for = wait;
            http.clock.as_mut().reset(Instant::now() + patience);
        }
        ready!(http.clock.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// What became of a write, of this many bytes if it is done; an error if the client takes nothing for too long.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl Fn(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        let Some(http) = &mut self.http else {
            return written;
        };
        match written {
            Poll::Ready(done) => {
                http.patience.moved(done.as_ref().map_or(0, bytes));
                Poll::Ready(done)
            }
            Poll::Pending => {
                ready!(http.patience.poll_spent(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    /// Everything is written. If the last of it was the answer to an upgrade, HTTP and its rules end here.
    fn flushed(&mut self) {
        if self.http.is_some() && self.line.wait() == Wait::Upgraded {
            self.http = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                // An upgraded wire has no clock and nothing to watch.
                if self.http.is_some() {
                    self.line.saw(&buf.filled()[before..]);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(broken)) => Poll::Ready(Err(broken)),
            Poll::Pending => self.poll_clock(cx),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written, |bytes| *bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, written, |bytes| *bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        let flushed = ready!(self.written(cx, flushed, |()| 0));
        self.flushed();
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.written(cx, shut, |()| 0)
    }
}
