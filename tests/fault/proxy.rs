//! A TCP proxy in front of a node, with hands on the wire: it can cut after any byte, fall silent, or reset everybody.

use std::{
    net::SocketAddr,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};
use tokio_util::sync::CancellationToken;

/// The proxy's state. Cheap to clone.
#[derive(Clone)]
pub struct Proxy {
    pub address: SocketAddr,
    hands: Arc<Hands>,
}

struct Hands {
    /// Every connection is cut after a number of bytes out of this range, in the middle of whatever it says.
    cut_after: Mutex<Option<Range<usize>>>,
    cuts: AtomicUsize,
    /// Bytes and farewells are swallowed, in both directions; the sockets stay open.
    silent: watch::Sender<bool>,
    /// Cancelled to reset all connections of now.
    everybody: Mutex<CancellationToken>,
}

impl Proxy {
    /// Listens before `node` (`host:port`).
    pub async fn before(node: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let hands = Arc::new(Hands {
            cut_after: Mutex::default(),
            cuts: AtomicUsize::new(0),
            silent: watch::Sender::new(false),
            everybody: Mutex::default(),
        });
        let proxy = Self { address, hands };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().carry(client, node.clone()));
            }
        });
        proxy
    }

    /// Where clients open sockets.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// From now on the line carries so many bytes a connection; `None`: it is mended.
    pub fn cut_after(&self, bytes: Option<Range<usize>>) {
        *self.hands.cut_after.lock() = bytes;
    }

    /// How many connections have been cut so far.
    pub fn cuts(&self) -> usize {
        self.hands.cuts.load(Ordering::Relaxed)
    }

    /// Falls silent, or speaks again: what has lost bytes meanwhile is reset then.
    pub fn silence(&self, silent: bool) {
        self.hands.silent.send_replace(silent);
    }

    /// Resets all connections in one instant.
    pub fn reset_everybody(&self) {
        std::mem::take(&mut *self.hands.everybody.lock()).cancel();
    }

    async fn carry(self, client: TcpStream, node: String) {
        let Ok(server) = TcpStream::connect(node).await else {
            return;
        };
        let everybody = self.hands.everybody.lock().clone();
        let budget = Mutex::default();
        // A reset, not a farewell: what is in flight is lost.
        let _ = (client.set_zero_linger(), server.set_zero_linger());
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        tokio::select! {
            () = everybody.cancelled() => {}
            () = self.pump(from_client, to_server, &budget) => {}
            () = self.pump(from_server, to_client, &budget) => {}
        }
    }

    async fn pump(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        budget: &Mutex<Option<usize>>,
    ) {
        let mut buffer = vec![0; 16 * 1_024];
        let mut silent = self.hands.silent.subscribe();
        loop {
            let read = from.read(&mut buffer).await.unwrap_or_default();
            if *silent.borrow() {
                let _ = silent.wait_for(|silent| !silent).await;
                return;
            }
            if read == 0 {
                return;
            }
            let allowed = self.spend(budget, read);
            if to.write_all(&buffer[..allowed]).await.is_err() {
                return;
            }
            if allowed < read {
                self.hands.cuts.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    }

    /// How many of `wanted` bytes may pass. What a connection may still say is settled when it first speaks on a bad line.
    fn spend(&self, budget: &Mutex<Option<usize>>, wanted: usize) -> usize {
        let Some(range) = self.hands.cut_after.lock().clone() else {
            return wanted;
        };
        let mut budget = budget.lock();
        let left = budget.get_or_insert_with(|| rand::random_range(range));
        let allowed = wanted.min(*left);
        *left -= allowed;
        allowed
    }
}
