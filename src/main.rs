//! The `souk` command: reads settings, starts the server, and stops it when told to.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Parser, Subcommand};
use souk::{
    books,
    clock::Clock,
    config::{self, Config},
    demo,
    http::router::document,
    lottery::file as draw_file,
    order::evidence,
    red_packet::file as packet_file,
    shutdown::Shutdown,
    store::private::{PrivateError, PrivatePostgres},
    telemetry,
    visitors::Visit,
};
use sqlx::postgres::PgConnectOptions;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// Gives memory back after a storm of connections: unused pages return to the system after two seconds, by a thread of
/// its own (docs/performance.md).
#[cfg(feature = "jemalloc")]
mod allocator {
    #[global_allocator]
    static JEMALLOC: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

    /// A C string that jemalloc reads when the program is loaded.
    #[repr(transparent)]
    struct Settings(*const u8);
    #[expect(unsafe_code, reason = "a pointer to a constant may be shared")]
    unsafe impl Sync for Settings {}

    #[expect(
        unsafe_code,
        reason = "the name under which jemalloc looks for its settings"
    )]
    #[unsafe(export_name = "_rjem_malloc_conf")]
    static SETTINGS: Settings = Settings(
        c"background_thread:true,dirty_decay_ms:2000,muzzy_decay_ms:0"
            .as_ptr()
            .cast(),
    );
}

/// A chat-commerce messaging server: conversations that never lose a message, and sell.
#[derive(Parser)]
#[command(version)]
struct Souk {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until SIGINT or SIGTERM.
    Serve(Flags),
    /// Let simulated customers chat, order and claim at a demo server, so that the desk is alive.
    Demo(Visit),
    /// Bring the database up to date and stop.
    Migrate(Flags),
    /// Print the commented settings file with every default.
    Settings,
    /// Recompute what is counted (stock) from its journals, name every difference, and end with 1 if there is one.
    Audit(Flags),
    /// Check a file of evidence about an order by itself: its signature, and what was agreed.
    VerifyEvidence {
        /// As `GET /orders/{order_id}/evidence` gave it.
        file: PathBuf,
    },
    /// Decide a draw again by its file alone, and say where it differs.
    VerifyDraw {
        /// As `GET /draws/{draw_id}/file` gave it.
        file: PathBuf,
        /// The commitment that the card has shown since it appeared; the file must have the same.
        #[arg(long, value_name = "HEX")]
        commitment: Option<String>,
        /// One's receipt, as entering gave it: its tickets must be in the file.
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
    },
    /// Split a red packet again by its file alone, and say where it differs.
    VerifyPacket {
        /// As `GET /red-packets/{red_packet_id}/file` gave it.
        file: PathBuf,
        /// The commitment that the card has shown since it appeared; the file must have the same.
        #[arg(long, value_name = "HEX")]
        commitment: Option<String>,
        /// One's share, as taking it gave it: it must be in the file.
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
    },
    /// Print the OpenAPI document.
    Openapi,
}

/// Every flag is also a setting; a flag wins.
#[derive(Args)]
struct Flags {
    /// Settings file (`souk settings` prints one).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port (server.listen).
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Folder for the private database and uploaded files (server.data).
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// `development` or `production` (server.profile).
    #[arg(long)]
    profile: Option<String>,
    /// Fill an empty database with demo shops and people (server.demo).
    #[arg(long)]
    demo: bool,
    /// Any other setting.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    settings: Vec<String>,
}

impl Flags {
    fn load(&self) -> anyhow::Result<Config> {
        let named = [
            ("server.listen", &self.listen),
            ("server.data", &self.data),
            ("server.profile", &self.profile),
        ];
        let mut flags: Vec<(String, String)> = named
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)))
            .collect();
        flags.extend(
            self.demo
                .then(|| ("server.demo".to_owned(), "true".to_owned())),
        );
        for setting in &self.settings {
            let (key, value) = setting
                .split_once('=')
                .with_context(|| format!("`{setting}` is not KEY=VALUE"))?;
            flags.push((key.to_owned(), value.to_owned()));
        }
        Config::load(self.config.as_deref(), &flags)
    }
}

fn main() -> ExitCode {
    match command(Souk::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("souk: {error:#}");
            let missing = error
                .downcast_ref()
                .is_some_and(PrivateError::programs_missing);
            ExitCode::from(if missing { 2 } else { 1 })
        }
    }
}

#[expect(clippy::print_stdout, reason = "these commands are for reading")]
fn command(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Settings => print!("{}", config::sample()),
        Command::Openapi => println!("{}", document().to_pretty_json()?),
        Command::VerifyEvidence { file } => {
            let (number, key) = evidence::verify(&read(&file)?)?;
            println!("order {number}: whole, as signed by {key}");
        }
        Command::VerifyDraw {
            file,
            commitment,
            receipt,
        } => {
            let draw = draw_file::verify(&read(&file)?)?;
            if let Some(receipt) = receipt {
                draw.verify_receipt(&read(&receipt)?)?;
            }
            require_commitment(commitment.as_deref(), &draw.commitment)?;
            println!("{draw}");
        }
        Command::VerifyPacket {
            file,
            commitment,
            receipt,
        } => {
            let packet = packet_file::verify(&read(&file)?)?;
            if let Some(receipt) = receipt {
                packet.verify_receipt(&read(&receipt)?)?;
            }
            require_commitment(commitment.as_deref(), &packet.commitment)?;
            println!("{packet}");
        }
        Command::Demo(visit) => threads("souk-visitors")?.block_on(let_visit(&visit))?,
        Command::Migrate(flags) => threads("souk")?.block_on(migrate(flags.load()?))?,
        Command::Audit(flags) => threads("souk")?.block_on(audit(flags.load()?))?,
        Command::Serve(flags) => {
            let (line, office) = (threads("souk-line")?, threads("souk-office")?);
            line.block_on(serve(
                flags.load()?,
                Shutdown::with_office(office.handle().clone()),
            ))?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn require_commitment(shown: Option<&str>, of_file: &str) -> anyhow::Result<()> {
    ensure!(
        shown.is_none_or(|shown| shown.trim() == of_file),
        "commitment: the card has shown another one"
    );
    Ok(())
}

/// As many threads as there are processors.
fn threads(name: &str) -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .thread_name(name)
        .enable_all()
        .build()?)
}

/// The database of the settings, or a private one that lives as long as this value.
struct Database {
    options: PgConnectOptions,
    private: Option<PrivatePostgres>,
}

impl Database {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        if !config.database.url.is_empty() {
            let options = config.database.url.parse().context("database.url")?;
            return Ok(Self {
                options,
                private: None,
            });
        }
        let folder = PathBuf::from(&config.server.data).join("postgres");
        let bin =
            Some(PathBuf::from(&config.database.bin)).filter(|bin| !bin.as_os_str().is_empty());
        let private =
            tokio::task::spawn_blocking(move || PrivatePostgres::start(&folder, bin.as_deref()))
                .await??;
        Ok(Self {
            options: private.connect_options(),
            private: Some(private),
        })
    }

    /// Never returns for a database that is not ours.
    async fn died(&self) -> PrivateError {
        match &self.private {
            Some(private) => private.exited().await,
            None => std::future::pending().await,
        }
    }

    async fn close(self) -> anyhow::Result<()> {
        match self.private {
            Some(private) => Ok(private.stop().await?),
            None => Ok(()),
        }
    }
}

async fn migrate(config: Config) -> anyhow::Result<()> {
    telemetry::install(&config.log);
    let database = Database::open(&config).await?;
    let (options, bus) = (database.options.clone(), souk::bus::Bus::local());
    let store = souk::store::Store::connect(options, &config.database, bus).await?;
    let migrated = store.migrate().await;
    database.close().await?;
    migrated
}

/// Fails if anything differs.
#[expect(clippy::print_stdout, reason = "the findings are what it is for")]
async fn audit(config: Config) -> anyhow::Result<()> {
    telemetry::install(&config.log);
    let database = Database::open(&config).await?;
    let (options, bus) = (database.options.clone(), souk::bus::Bus::local());
    let found = async {
        let store = souk::store::Store::connect(options, &config.database, bus).await?;
        books::differences(&store.by_itself()).await
    };
    let found = found.await;
    database.close().await?;
    let differences = found?;
    for difference in &differences {
        println!("{difference}");
    }
    match differences.len() {
        0 => println!("the books balance"),
        some => bail!("{some} differences"),
    }
    Ok(())
}

async fn serve(config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    telemetry::install(&config.log);
    config.check()?;
    let listener = TcpListener::bind(&config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let database = Database::open(&config).await?;
    let drain = Duration::from_secs(config.server.drain_seconds);
    let started = souk::run(
        config,
        database.options.clone(),
        listener,
        Clock::default(),
        &shutdown,
    )
    .await;
    let ended = match &started {
        Ok(server) => {
            tracing::info!(address = %server.address, "souk is ready: {}", server.app.config.public_url());
            tokio::select! {
                ended = open(server) => ended,
                died = database.died() => Err(died.into()),
            }
        }
        Err(_) => Ok(()),
    };
    tracing::info!("stopping");
    shutdown.stop(drain + Duration::from_secs(5)).await;
    database.close().await?;
    match (started, ended) {
        (Err(error), _) | (_, Err(error)) => Err(error),
        (Ok(_), Ok(())) => Ok(()),
    }
}

/// Shows the demo, if there is one, and waits to be told to stop.
#[expect(clippy::print_stdout, reason = "log-ins are for whoever tries it out")]
async fn open(server: &souk::Server) -> anyhow::Result<()> {
    if server.app.config.server.demo {
        print!("{}", demo::begin(&server.app).await?);
    }
    told_to_stop().await
}

/// One line for each deed, until it is enough or somebody stops it.
#[expect(clippy::print_stdout, reason = "to look at it is what it is for")]
async fn let_visit(visit: &Visit) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let visiting = visit.begin(stop.clone(), |deed| println!("{deed}"));
    let told = async {
        let told = told_to_stop().await;
        stop.cancel();
        told.err()
    };
    tokio::pin!(visiting);
    let done = tokio::select! {
        done = &mut visiting => done?,
        Some(deaf) = told => return Err(deaf),
    };
    println!("{done} deeds");
    Ok(())
}

async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        Some(()) = terminate.recv() => Ok(()),
        Some(()) = interrupt.recv() => Ok(()),
        else => bail!("signals cannot be heard"),
    }
}
