//! `loadtest`: plays scenarios against a running Souk, measures, and checks that every promise was kept.

mod options;

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Parser as _;
use loadtest::{
    bare,
    figures::Figures,
    front_door::FrontDoor,
    people::Source,
    report,
    scenario::{
        Stage,
        campaign::{self, Audience},
        chat,
        chat::Flow,
        claims::{self, Rush},
        group, idle,
        limits::{self, Floors, WINDOWS},
        orders::{self, Event},
        resume, storm,
    },
};
use sqlx::postgres::PgPoolOptions;

use options::{Options, Scenario};

/// Unanswered messages of each in a crowd that talks flat out.
const CROWD: usize = 16;
/// Who chat while a crowd orders.
const TALKERS: usize = 200;

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let played = match runtime {
        Ok(runtime) => runtime.block_on(play(&options)),
        Err(error) => Err(error.into()),
    };
    match played {
        Ok(figures) if figures.iter().all(Figures::clean) => ExitCode::SUCCESS,
        Ok(_) => {
            eprintln!("loadtest: messages were lost, doubled or misordered");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn play(options: &Options) -> anyhow::Result<Vec<Figures>> {
    if options.scenario == Scenario::Bare {
        bare::serve().await?;
        return Ok(vec![]);
    }
    let source = match &options.seed_database_url {
        Some(url) => Source::Database(PgPoolOptions::new().max_connections(2).connect(url).await?),
        None => Source::FrontDoor(Arc::new(FrontDoor::of(&options.url)?)),
    };
    let stage = Stage::at(&options.url, source).await?;
    let kept = options.report.as_deref();
    let mut program = Program {
        options,
        stage,
        floors: kept.and_then(last_floors).unwrap_or_default(),
        done: vec![],
    };
    program.play(options.scenario).await?;
    program.stage.bar.finish_and_clear();
    if let Some(folder) = kept {
        report::write(folder, &program.done)?;
    }
    Ok(program.done)
}

fn last_floors(folder: &Path) -> Option<Floors> {
    report::newest(folder, "limits").map(Floors::of)
}

/// What has been played so far.
struct Program<'a> {
    options: &'a Options,
    stage: Stage,
    floors: Floors,
    done: Vec<Figures>,
}

impl Program<'_> {
    async fn play(&mut self, scenario: Scenario) -> anyhow::Result<()> {
        match scenario {
            Scenario::Limits => self.limits().await,
            Scenario::Chat => {
                self.chat("chat", self.options.window.unwrap_or(CROWD))
                    .await
            }
            Scenario::Lone => self.lone().await,
            Scenario::Group => self.group(self.options.window.unwrap_or(32)).await,
            Scenario::Idle => self.idle().await,
            Scenario::Storm => self.storm().await,
            Scenario::Resume => self.resume().await,
            Scenario::Orders => self.orders().await,
            Scenario::Claims => self.claims().await,
            Scenario::Campaign => self.campaign().await,
            Scenario::All => self.all().await,
            Scenario::Bare => Ok(()),
        }
    }

    async fn all(&mut self) -> anyhow::Result<()> {
        self.limits().await?;
        self.lone().await?;
        self.chat("chat", CROWD).await?;
        self.half_rate("chat").await?;
        self.chat("chat-1", 1).await?;
        self.half_rate("chat-1").await?;
        for window in WINDOWS {
            self.group(window).await?;
        }
        self.resume().await?;
        self.orders().await?;
        self.claims().await?;
        self.campaign().await?;
        self.storm().await?;
        self.idle().await
    }

    async fn limits(&mut self) -> anyhow::Result<()> {
        self.begin("limits");
        let url = self.options.database_url.as_deref();
        let url = url.context("limits needs --database-url: the floors are the same database's")?;
        let [chat, group, idle] = [
            self.options.dose(1_000, 200),
            self.options.dose(500, 256),
            self.options.dose(15_000, 0),
        ];
        let figures = limits::run(&self.stage, url, chat, group, idle).await?;
        self.floors = Floors::of(figures.clone());
        self.end(figures)
    }

    async fn chat(&mut self, name: &str, window: usize) -> anyhow::Result<()> {
        self.begin(name);
        let flow = self.options.rate.map_or(Flow::Flat(window), Flow::Rate);
        let dose = self.options.dose(1_000, 200);
        let mut figures = chat::run(&self.stage, name, dose, flow).await?;
        let acked = figures.acked_per_s;
        figures.compare(acked, self.floors.named("batched_rows_per_s"));
        if let Some((acked, single)) = acked.zip(self.floors.named("one_commit_rows_per_s")) {
            figures.note("times_one_commit", acked / single);
        }
        self.end(figures)
    }

    async fn half_rate(&mut self, of: &str) -> anyhow::Result<()> {
        let name = format!("{of}-half");
        self.begin(&name);
        let flat_out = self.done.iter().find(|one| one.scenario == of);
        let rate = flat_out
            .and_then(|one| one.acked_per_s)
            .context("chat was played")?
            / 2.0;
        let dose = self.options.dose(1_000, 200);
        let mut figures = chat::run(&self.stage, &name, dose, Flow::Rate(rate)).await?;
        let allowed = self
            .floors
            .named("lone_commit_p99_ms")
            .map(|ms| 3.0 * ms + 15.0);
        figures.compare(figures.ack_ms.map(|ms| ms.p99), allowed);
        self.end(figures)
    }

    async fn lone(&mut self) -> anyhow::Result<()> {
        self.begin("lone");
        let dose = self.options.dose(2, 200);
        let mut figures = chat::run(&self.stage, "lone", dose, Flow::Lone).await?;
        let commit = self.floors.named("lone_commit_p50_ms");
        figures.compare(figures.ack_ms.map(|ms| ms.p50), commit);
        self.end(figures)
    }

    async fn group(&mut self, window: usize) -> anyhow::Result<()> {
        let name = format!("group-{window}");
        self.begin(&name);
        let dose = self.options.dose(500, 256);
        let mut figures = group::run(&self.stage, &name, dose, window).await?;
        let floor = self
            .floors
            .named(&format!("bare_deliveries_per_s_{window}"));
        figures.compare(figures.delivered_per_s, floor);
        self.end(figures)
    }

    async fn idle(&mut self) -> anyhow::Result<()> {
        self.begin("idle");
        let dose = self.options.dose(15_000, 0);
        let mut figures = idle::run(&self.stage, "idle", dose).await?;
        let each = figures.server_rss_kib_per_connection;
        figures.compare(each, self.floors.named("bare_socket_kib"));
        self.end(figures)
    }

    async fn storm(&mut self) -> anyhow::Result<()> {
        self.begin("storm");
        let (dose, missed) = (self.options.dose(5_000, 200), self.options.missed);
        let figures = storm::run(&self.stage, "storm", dose, missed.unwrap_or(100)).await?;
        self.end(figures)
    }

    async fn resume(&mut self) -> anyhow::Result<()> {
        self.begin("resume");
        let (dose, missed) = (self.options.dose(100, 200), self.options.missed);
        let figures = resume::run(&self.stage, "resume", dose, missed.unwrap_or(10_000)).await?;
        self.end(figures)
    }

    async fn orders(&mut self) -> anyhow::Result<()> {
        self.begin("orders");
        let url = self.options.database_url.as_deref();
        let url = url.context("orders needs --database-url: the floor is the same database's")?;
        let dose = self.options.dose(1_000, 200);
        let event = Event {
            customers: dose.connections,
            orders: self.options.orders,
            talkers: TALKERS,
            rate: self.options.rate.unwrap_or(500.0),
            size: dose.size,
            calm: dose.length,
        };
        let floor = limits::orders(&self.stage, url, dose).await?;
        let mut figures = orders::run(&self.stage, &self.options.url, event).await?;
        let rate = figures.details.get("orders_per_s").copied();
        figures.compare(rate, Some(floor));
        self.end(figures)
    }

    async fn claims(&mut self) -> anyhow::Result<()> {
        self.begin("claims");
        let url = self.options.database_url.as_deref();
        let url = url.context("claims needs --database-url: the floor is the same database's")?;
        let dose = self.options.dose(500, 0);
        let floor = limits::claims(&self.stage, url, dose).await?;
        let rush = Rush {
            customers: dose.connections,
            gifts: self.options.gifts,
        };
        let mut figures = claims::run(&self.stage, &self.options.url, rush).await?;
        let rate = figures.details.get("claims_per_s").copied();
        figures.compare(rate, Some(floor));
        self.end(figures)
    }

    async fn campaign(&mut self) -> anyhow::Result<()> {
        self.begin("campaign");
        let url = self.options.database_url.as_deref();
        let url = url.context("campaign needs --database-url: the floor is the same database's")?;
        let dose = self.options.dose(2_000, 200);
        let audience = Audience {
            recipients: self.options.recipients.max(dose.connections),
            online: dose.connections,
            talkers: TALKERS,
            rate: self.options.rate.unwrap_or(500.0),
            size: dose.size,
            calm: dose.length,
        };
        let all = audience.recipients;
        let floor = limits::campaign(&self.stage, url, all, dose.size).await?;
        let restart = self.options.restart.as_deref();
        let mut figures = campaign::run(&self.stage, &self.options.url, audience, restart).await?;
        let rate = figures.details.get("told_per_s").copied();
        figures.compare(rate, Some(floor));
        self.end(figures)
    }

    fn begin(&self, name: &str) {
        self.stage.bar.reset();
        self.stage.bar.set_prefix(name.to_owned());
    }

    /// Says what came out.
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    fn end(&mut self, figures: Figures) -> anyhow::Result<()> {
        let said = if self.options.json {
            serde_json::to_string(&figures)?
        } else {
            figures.to_string()
        };
        self.stage.bar.suspend(|| println!("{said}"));
        self.done.push(figures);
        Ok(())
    }
}
