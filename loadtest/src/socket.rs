//! A WebSocket for load: one read takes many frames, one write sends many, and an idle one holds no buffer.
//!
//! Plain HTTP only, binary protobuf only, and no more of RFC 6455 than a well-behaved server needs: no extensions, no
//! fragments from the server. [`Client`](crate::Client) is the one for everything else.

use std::{
    cell::RefCell,
    io,
    net::{IpAddr, SocketAddr},
};

use anyhow::{Context as _, bail, ensure};
use prost::Message as _;
use proto::{
    Authenticate, ClientFrame, Reply, ServerFrame, client_frame::Request, reply::Answer,
    server_frame::Kind,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::client::{Closed, accepted};

/// The second byte's highest bit.
const MASKED: u8 = 0x80;
const SCRATCH: usize = 256 * 1024;
/// A head longer than this is not an answer to an upgrade.
const LONGEST_HEAD: usize = 8 * 1024;

thread_local! {
    /// Every socket of a thread reads into the same memory.
    static INTO: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
}

/// Where to, and from which of this machine's addresses: one address has some 28,000 ports only.
#[derive(Clone, Debug)]
pub struct Route {
    /// The server.
    pub to: SocketAddr,
    /// The `Host` header.
    pub host: String,
    /// Our address; none: the system chooses.
    pub from: Option<IpAddr>,
}

/// An open socket.
pub struct Socket {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come yet.
    rest: Vec<u8>,
    /// Frames that wait for [`flush`](Self::flush).
    out: Vec<u8>,
}

impl Socket {
    /// Connects and upgrades.
    pub async fn open(route: &Route) -> anyhow::Result<Self> {
        let mut stream = connect(route).await.context("cannot connect")?;
        let key = "bG9hZHRlc3QgbG9hZHRlcw==";
        let request = format!(
            "GET /socket HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: souk.v1.protobuf\r\n\r\n",
            route.host
        );
        stream.write_all(request.as_bytes()).await?;
        let rest = read_head(&mut stream).await?;
        Ok(Self {
            stream,
            rest,
            out: Vec::new(),
        })
    }

    /// Puts a frame into what the next [`flush`](Self::flush) sends.
    pub fn feed(&mut self, frame: &ClientFrame) {
        head(&mut self.out, 0x82, frame.encoded_len());
        // A vector grows as needed: encoding into it cannot fail.
        let _ = frame.encode(&mut self.out);
    }

    /// Sends what was fed, as a rule with one write. Cancelling sends nothing twice.
    pub async fn flush(&mut self) -> anyhow::Result<()> {
        while !self.out.is_empty() {
            let written = self.stream.write(&self.out).await?;
            self.out.drain(..written);
        }
        self.out.shrink_to(4 * 1024);
        Ok(())
    }

    /// Waits until something comes and shows all of it, frame by frame. Pings are answered. Cancelling loses nothing.
    pub async fn read(&mut self, mut see: impl FnMut(&[u8])) -> anyhow::Result<()> {
        loop {
            self.stream.readable().await?;
            let read = INTO.with_borrow_mut(|into| match self.stream.try_read(into) {
                Ok(0) => Err(closed(0, b"").into()),
                Ok(length) => self.cut(&into[..length], &mut see).map(|()| true),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
                Err(error) => Err(anyhow::Error::from(error)),
            })?;
            if read {
                return self.flush().await;
            }
        }
    }

    /// Shows the frames that are complete with these bytes and keeps the rest.
    fn cut(&mut self, bytes: &[u8], see: &mut impl FnMut(&[u8])) -> anyhow::Result<()> {
        if self.rest.is_empty() {
            let taken = take_frames(bytes, &mut self.out, see)?;
            self.rest.extend_from_slice(&bytes[taken..]);
            return Ok(());
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend_from_slice(bytes);
        let taken = take_frames(&joined, &mut self.out, see)?;
        if taken < joined.len() {
            joined.drain(..taken);
            joined.shrink_to(4 * 1024);
            self.rest = joined;
        }
        Ok(())
    }

    /// Asks and waits for the answer; a refusal is an error. What is pushed meanwhile is shown to `see`.
    pub async fn ask(
        &mut self,
        id: u64,
        request: Request,
        mut see: impl FnMut(&[u8]),
    ) -> anyhow::Result<Answer> {
        let request = Some(request);
        self.feed(&ClientFrame { id, request });
        self.flush().await?;
        let mut answer = None;
        while answer.is_none() {
            self.read(|frame| match reply(frame) {
                Some(reply) if reply.id == id => answer = reply.answer,
                _ => see(frame),
            })
            .await?;
        }
        accepted(answer.context("an answer")?)
    }

    /// Says who is there.
    pub async fn authenticate(&mut self, token: &str) -> anyhow::Result<()> {
        let request = Authenticate {
            token: token.to_owned(),
            ..Authenticate::default()
        };
        let answer = self.ask(1, Request::Authenticate(request), |_| ()).await?;
        ensure!(
            matches!(answer, Answer::Authenticated(_)),
            "expected `authenticated`, got {answer:?}"
        );
        Ok(())
    }

    /// Takes its leave and waits for the server's.
    pub async fn close(mut self) {
        head(&mut self.out, 0x88, 0);
        if self.flush().await.is_ok() {
            while self.read(|_| ()).await.is_ok() {}
        }
    }
}

fn reply(frame: &[u8]) -> Option<Reply> {
    match ServerFrame::decode(frame).ok()?.kind? {
        Kind::Reply(reply) => Some(reply),
        Kind::Push(_) => None,
    }
}

async fn connect(route: &Route) -> io::Result<TcpStream> {
    let socket = if route.to.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if let Some(from) = route.from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    socket.set_nodelay(true)?;
    socket.connect(route.to).await
}

/// Reads the answer to the upgrade; gives what came after it.
async fn read_head(stream: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    let mut got = Vec::new();
    loop {
        let end = got.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let line = String::from_utf8_lossy(&got[..end]);
            let line = line.lines().next().unwrap_or_default();
            ensure!(line.starts_with("HTTP/1.1 101"), "no upgrade: {line}");
            return Ok(got.split_off(end + 4));
        }
        ensure!(got.len() < LONGEST_HEAD, "an endless answer");
        if stream.read_buf(&mut got).await? == 0 {
            bail!("closed before the upgrade");
        }
    }
}

/// A client's frame head. The mask is zero: allowed, and the bytes stay as they are.
#[expect(clippy::cast_possible_truncation, reason = "each arm has checked")]
fn head(out: &mut Vec<u8>, first: u8, length: usize) {
    out.push(first);
    match length {
        0..126 => out.push(MASKED | length as u8),
        126..65_536 => {
            out.push(MASKED + 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(MASKED + 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
}

/// Shows the complete frames and gives the length of their bytes. Pongs are put into `out`.
fn take_frames(
    bytes: &[u8],
    out: &mut Vec<u8>,
    see: &mut impl FnMut(&[u8]),
) -> anyhow::Result<usize> {
    let mut taken = 0;
    while let Some((first, payload, length)) = next_frame(&bytes[taken..])? {
        match first {
            0x82 => see(payload),
            0x89 => {
                head(out, 0x8a, payload.len());
                out.extend_from_slice(payload);
            }
            0x8a => {}
            0x88 => {
                let (code, reason) = payload.split_at_checked(2).unwrap_or_default();
                let code = code
                    .try_into()
                    .map_or(1005, |code: [u8; 2]| u16::from_be_bytes(code));
                return Err(closed(code, reason).into());
            }
            other => bail!("a frame that begins with {other:#x}"),
        }
        taken += length;
    }
    Ok(taken)
}

/// First byte, payload and whole length of the frame at the beginning, if all of it is there.
fn next_frame(bytes: &[u8]) -> anyhow::Result<Option<(u8, &[u8], usize)>> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    ensure!(second & 0x80 == 0, "a masked frame from a server");
    let (size, length) = match second {
        126 => (
            2,
            rest.first_chunk()
                .map(|two| u64::from(u16::from_be_bytes(*two))),
        ),
        127 => (
            8,
            rest.first_chunk().map(|eight| u64::from_be_bytes(*eight)),
        ),
        short => (0, Some(u64::from(*short))),
    };
    let Some(length) = length else {
        return Ok(None);
    };
    let (start, length) = (2 + size, usize::try_from(length)?);
    ensure!(length < 1 << 30, "a frame of {length} bytes");
    let payload = bytes.get(start..start + length);
    Ok(payload.map(|payload| (*first, payload, start + length)))
}

fn closed(code: u16, reason: &[u8]) -> Closed {
    let reason = String::from_utf8_lossy(reason).into_owned();
    Closed { code, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        head(&mut bytes, first, payload.len());
        bytes[1] &= 0x7f;
        bytes.truncate(bytes.len() - 4);
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn frames_of_every_length_are_cut_wherever_the_stream_is() {
        let payloads: Vec<Vec<u8>> = [0, 1, 125, 126, 300, 65_535, 65_536]
            .map(|length| vec![7; length])
            .into();
        let stream: Vec<u8> = payloads
            .iter()
            .flat_map(|payload| frame(0x82, payload))
            .collect();
        for step in [1_000, 4_097, 70_000, stream.len()] {
            let (mut seen, mut rest, mut out) = (Vec::new(), Vec::new(), Vec::new());
            for piece in stream.chunks(step) {
                rest.extend_from_slice(piece);
                let mut see = |payload: &[u8]| seen.push(payload.to_vec());
                let taken = take_frames(&rest, &mut out, &mut see).unwrap();
                rest.drain(..taken);
            }
            assert_eq!((seen == payloads, rest.len()), (true, 0), "{step}");
        }
    }

    #[test]
    fn a_ping_is_answered_and_a_close_ends() {
        let mut out = Vec::new();
        take_frames(&frame(0x89, b"hi"), &mut out, &mut |_| ()).unwrap();
        assert_eq!(out, [0x8a, 0x82, 0, 0, 0, 0, b'h', b'i']);
        let close = frame(0x88, &[&4001_u16.to_be_bytes()[..], b"slow"].concat());
        let error = take_frames(&close, &mut out, &mut |_| ()).unwrap_err();
        let closed: Closed = error.downcast().unwrap();
        assert_eq!((closed.code, &closed.reason[..]), (4001, "slow"));
    }
}
