//! A Redis of the test's own, that can die and come back.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use redis::{Cmd, FromRedisValue};
use tempfile::TempDir;

use super::eventually;

/// A Redis on a socket file, without persistence; killed when dropped.
pub struct Redis {
    folder: TempDir,
    child: Child,
}

impl Redis {
    /// Starts one.
    pub async fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let child = spawn(&folder);
        let redis = Self { folder, child };
        redis.ready().await;
        redis
    }

    /// For `bus.redis_url`.
    pub fn url(&self) -> String {
        format!("redis+unix://{}/redis.sock", self.folder.path().display())
    }

    /// Dies at once, and forgets everything.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is ours");
    }

    /// Comes back, empty, at the same place.
    pub async fn restart(&mut self) {
        self.child = spawn(&self.folder);
        self.ready().await;
    }

    /// Asks it something behind the servers' backs.
    pub async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> redis::RedisResult<T> {
        let client = redis::Client::open(self.url())?;
        let mut wire = client.get_multiplexed_async_connection().await?;
        command.query_async(&mut wire).await
    }

    async fn ready(&self) {
        eventually(async || self.ask::<String>(&redis::cmd("PING")).await.is_ok()).await;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &TempDir) -> Child {
    let socket = folder.path().join("redis.sock").display().to_string();
    server(folder, &["--port", "0", "--unixsocket", &socket])
}

fn server(folder: &TempDir, settings: &[&str]) -> Child {
    Command::new("redis-server")
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path())
        .args(settings)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed")
}

/// Three Redis servers that share the slots among them; killed when dropped.
pub struct Cluster {
    /// Port, the port of their own talk, the program, its folder.
    nodes: Vec<(u16, u16, Child, TempDir)>,
}

impl Cluster {
    /// Starts one, on free ports of the loopback.
    pub async fn start() -> Self {
        let cluster = Self {
            nodes: (0..3).map(|_| member()).collect(),
        };
        for node in 0..3 {
            eventually(async || cluster.ask::<String>(node, &words("PING")).await.is_ok()).await;
            let (first, last) = (node * 5_462, (node * 5_462 + 5_461).min(16_383));
            let slots = words(&format!("CLUSTER ADDSLOTSRANGE {first} {last}"));
            cluster.ask::<()>(node, &slots).await.expect("takes slots");
            let (port, talk, ..) = &cluster.nodes[0];
            let meet = words(&format!("CLUSTER MEET 127.0.0.1 {port} {talk}"));
            cluster.ask::<()>(node, &meet).await.expect("meets");
        }
        eventually(async || {
            let infos = cluster.ask_each::<String>(&words("CLUSTER INFO")).await;
            let ready = |info: &String| {
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            };
            infos.iter().all(ready)
        })
        .await;
        cluster
    }

    /// For `bus.redis_url`.
    pub fn url(&self) -> String {
        let urls = self
            .nodes
            .iter()
            .map(|(port, ..)| format!("redis://127.0.0.1:{port}"));
        urls.collect::<Vec<_>>().join(",")
    }

    /// Asks every member.
    pub async fn ask_each<T: FromRedisValue>(&self, command: &Cmd) -> Vec<T> {
        let mut answers = vec![];
        for node in 0..self.nodes.len() {
            answers.push(self.ask(node, command).await.expect("it answers"));
        }
        answers
    }

    async fn ask<T: FromRedisValue>(&self, node: usize, command: &Cmd) -> redis::RedisResult<T> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.nodes[node].0))?;
        let mut wire = client.get_multiplexed_async_connection().await?;
        command.query_async(&mut wire).await
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for (_, _, child, _) in &mut self.nodes {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A server on a free port; the cluster's own talk is on a second one.
fn member() -> (u16, u16, Child, TempDir) {
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.local_addr().expect("it has an address").port()
    };
    let (folder, port, talk) = (TempDir::new().expect("a folder"), free(), free());
    let (own, others) = (port.to_string(), talk.to_string());
    let settings = [
        "--bind",
        "127.0.0.1",
        "--port",
        &own,
        "--cluster-port",
        &others,
        "--cluster-enabled",
        "yes",
    ];
    let child = server(&folder, &settings);
    (port, talk, child, folder)
}

fn words(command: &str) -> Cmd {
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().unwrap_or_default());
    words.for_each(|word| {
        command.arg(word);
    });
    command
}
