//! A PostgreSQL, a Redis and some nodes, each a process of its own that can be killed, frozen and started again.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use souk::store::private::PrivatePostgres;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tempfile::TempDir;

use crate::{
    people::Cast,
    proxy::Proxy,
    standby::{Standby, kill, lead},
    wait::until,
};

/// 32 bytes of zeros, in base64: nothing is secret here.
const SECRETS_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Everything that a scenario runs on. Stops it all when dropped.
pub struct World {
    pub nodes: Vec<Node>,
    /// One before each node, if the scenario wants them.
    pub proxies: Vec<Proxy>,
    pub redis: Redis,
    pub database: PgConnectOptions,
    pub cast: Cast,
    postgres: Option<PrivatePostgres>,
    standby: Option<Standby>,
    folder: TempDir,
}

/// A port that nobody has just now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port")
        .port()
}

impl World {
    /// PostgreSQL and Redis run, the schema and the cast are there; the nodes are not started yet.
    pub async fn new(nodes: usize, customers: usize, staff: usize) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("souk-fault-")
            .tempdir()
            .expect("a folder");
        open_to_all(&folder);
        let place = folder.path().join("postgres");
        let postgres =
            tokio::task::spawn_blocking(move || PrivatePostgres::start(&place, None)).await;
        let postgres = postgres.expect("no panic").expect("PostgreSQL starts");
        let database = postgres.connect_options();
        let redis = Redis::start(free_port());
        let nodes = (0..nodes)
            .map(|place| Node::new(place, &folder, &database, redis.port))
            .collect();
        let pool = patient(&database).await;
        sqlx::migrate!().run(&pool).await.expect("the schema");
        let cast = Cast::gather(&pool, customers, staff).await;
        Self {
            nodes,
            proxies: vec![],
            redis,
            database,
            cast,
            postgres: Some(postgres),
            standby: None,
            folder,
        }
    }

    /// Gives PostgreSQL a synchronous standby, before the nodes start: they reach whoever is primary by a link.
    pub async fn stand_by(&mut self) {
        let [primary, standby, link] =
            ["postgres", "standby", "primary"].map(|name| self.folder.path().join(name));
        self.standby = Some(Standby::of(&self.database, &primary, &standby).await);
        lead(&link, &primary);
        self.database = self.database.clone().socket(&link);
        for node in &mut self.nodes {
            node.reaches(&self.database);
        }
    }

    /// The primary is killed, the standby takes over, and the link leads there.
    pub async fn fail_over(&mut self) {
        kill(self.postgres.as_ref().expect("it runs"));
        let standby = self.standby.take().expect("there is one");
        self.postgres = Some(standby.promote().await);
        let [standby, link] = ["standby", "primary"].map(|name| self.folder.path().join(name));
        lead(&link, &standby);
    }

    /// Starts all nodes and waits until they are ready.
    pub async fn start(&mut self) {
        for node in &mut self.nodes {
            node.start();
        }
        for node in &self.nodes {
            node.ready().await;
        }
    }

    /// To look behind the nodes' backs.
    pub async fn pool(&self) -> PgPool {
        patient(&self.database).await
    }

    /// `pg_ctl restart -m fast`.
    pub async fn restart_postgres(&mut self) {
        let postgres = self.postgres.take().expect("it runs");
        postgres.stop().await.expect("it stops");
        drop(postgres);
        let place = self.folder.path().join("postgres");
        let started =
            tokio::task::spawn_blocking(move || PrivatePostgres::start(&place, None)).await;
        self.postgres = Some(started.expect("no panic").expect("PostgreSQL starts again"));
    }

    /// Lines of the nodes' logs that speak of a panic.
    pub fn panics(&self) -> Vec<String> {
        let logs = self
            .nodes
            .iter()
            .filter_map(|node| fs::read_to_string(&node.log).ok());
        logs.flat_map(|log| {
            log.lines()
                .filter(|line| line.contains("panicked"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
    }

    /// Stops everything, nodes first.
    pub async fn stop(mut self) {
        self.nodes.iter_mut().for_each(Node::kill);
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().await.expect("PostgreSQL stops");
        }
    }
}

/// A few connections that wait for a database that is coming back.
async fn patient(database: &PgConnectOptions) -> PgPool {
    let options = PgPoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(30));
    options
        .connect_with(database.clone())
        .await
        .expect("PostgreSQL answers")
}

/// The database's unprivileged user must be able to pass through.
fn open_to_all(folder: &TempDir) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// One `souk serve`.
pub struct Node {
    pub port: u16,
    pub log: PathBuf,
    /// `ulimit -n`, if not the machine's.
    pub descriptors: Option<u32>,
    /// Settings beyond the usual, as `section.key=value`.
    pub settings: Vec<String>,
    database: String,
    redis: u16,
    data: PathBuf,
    process: Option<Child>,
}

impl Node {
    fn new(place: usize, folder: &TempDir, database: &PgConnectOptions, redis: u16) -> Self {
        let mut node = Self {
            port: free_port(),
            log: folder.path().join(format!("node-{place}.log")),
            descriptors: None,
            settings: vec!["server.drain_seconds=2".into(), "log.format=json".into()],
            database: String::new(),
            redis,
            data: folder.path().join(format!("node-{place}")),
            process: None,
        };
        node.reaches(database);
        node
    }

    /// Its database is there.
    fn reaches(&mut self, database: &PgConnectOptions) {
        use sqlx::ConnectOptions as _;
        self.database = database.to_url_lossy().to_string();
    }

    pub fn start(&mut self) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("a log");
        let limit = self
            .descriptors
            .map(|limit| format!("ulimit -n {limit}; "))
            .unwrap_or_default();
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{limit}exec \"$0\" \"$@\""))
            .arg(env!("CARGO_BIN_EXE_souk"));
        command.args([
            "serve",
            "--profile",
            "development",
            "--listen",
            &format!("127.0.0.1:{}", self.port),
        ]);
        command.arg("--data").arg(&self.data);
        // Nodes of one database share the key of its secrets.
        command.args(["--set", &format!("security.secrets_key={SECRETS_KEY}")]);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
            .env("DATABASE_URL", &self.database)
            .env("REDIS_URL", format!("redis://127.0.0.1:{}", self.redis));
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.process = Some(process.expect("the node starts"));
    }

    /// Waits until `/readyz` says so.
    pub async fn ready(&self) {
        souk::tls::install_provider();
        let browser = reqwest::Client::builder()
            .timeout(Duration::from_secs(2))
            .build()
            .expect("a browser");
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        let ready = async || {
            let answer = browser.get(&url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        assert!(
            until(Duration::from_secs(30), ready).await,
            "node does not become ready: {}",
            fs::read_to_string(&self.log).unwrap_or_default()
        );
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where clients open sockets.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address())
    }

    /// How many authenticated sockets it has, by its metrics.
    pub async fn lines(&self) -> usize {
        let page = reqwest::get(format!("http://{}/metrics", self.address()))
            .await
            .expect("metrics");
        let page = page.text().await.expect("text");
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix("souk_lines "));
        line.and_then(|count| count.trim().parse().ok())
            .unwrap_or_default()
    }

    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A Redis without persistence: killed, it comes back empty.
pub struct Redis {
    pub port: u16,
    process: Option<Child>,
}

impl Redis {
    fn start(port: u16) -> Self {
        let mut redis = Self {
            port,
            process: None,
        };
        redis.again();
        redis
    }

    pub fn again(&mut self) {
        let port = self.port.to_string();
        let process = Command::new("redis-server")
            .args([
                "--port",
                &port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        self.process = Some(process.expect("redis-server starts"));
    }

    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// One command to the Redis itself.
    pub async fn command(&self, words: &[&str]) {
        let client =
            redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("an address");
        if let Ok(mut connection) = client.get_multiplexed_async_connection().await {
            let mut command = redis::cmd(words[0]);
            let _: Result<redis::Value, _> =
                command.arg(&words[1..]).query_async(&mut connection).await;
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
