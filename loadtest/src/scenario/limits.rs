//! What this machine can do without Souk: the floors that the other scenarios are compared with.

use std::time::Duration;

use super::{Dose, Stage, group, idle};
use crate::{bare::Bare, figures::Figures, floor::Scratch, people::Source, usage::Program};

/// Windows of the group scenario.
pub const WINDOWS: [usize; 2] = [32, 200];

/// The floors, as the other scenarios ask for them.
#[derive(Clone, Debug, Default)]
pub struct Floors(Option<Figures>);

impl Floors {
    /// From the figures of a `limits` run.
    pub fn of(figures: Figures) -> Self {
        Self(Some(figures))
    }

    /// A floor by its name in `details`.
    pub fn named(&self, name: &str) -> Option<f64> {
        self.0.as_ref()?.details.get(name).copied()
    }
}

/// Measures them: the database's in a database of its own beside the one at `url`, the sockets' with a bare server.
pub async fn run(
    stage: &Stage,
    url: &str,
    chat: Dose,
    members: Dose,
    idle: Dose,
) -> anyhow::Result<Figures> {
    let mut figures = Figures::of("limits", 0);
    figures.seconds = chat.length.as_secs_f64();
    stage.bar.set_message("the database alone");
    let scratch = Scratch::make(url).await?;
    let measured = database(&mut figures, &scratch, chat).await;
    scratch.drop().await?;
    measured?;
    sockets(&mut figures, stage, members, idle).await?;
    Ok(figures)
}

/// Orders a second that the database takes with no server before it, over as many connections as the server has.
pub async fn orders(stage: &Stage, url: &str, event: Dose) -> anyhow::Result<f64> {
    stage.bar.set_message("the database alone");
    let scratch = Scratch::make(url).await?;
    let measured = scratch.orders(event.connections, event.length / 3).await;
    scratch.drop().await?;
    measured
}

/// Claims a second that the database takes with no server before it, over as many connections as the server has.
pub async fn claims(stage: &Stage, url: &str, dose: Dose) -> anyhow::Result<f64> {
    stage.bar.set_message("the database alone");
    let scratch = Scratch::make(url).await?;
    let measured = scratch.claims(dose.connections, dose.length / 3).await;
    scratch.drop().await?;
    measured
}

/// Messages a second that the database takes in batches, each in a conversation of its own that has been quiet, with no server before it.
pub async fn campaign(
    stage: &Stage,
    url: &str,
    recipients: usize,
    size: usize,
) -> anyhow::Result<f64> {
    stage.bar.set_message("the database alone");
    let scratch = Scratch::make(url).await?;
    let measured = async {
        let pairs = scratch.pairs(recipients).await?;
        scratch.batched_once(&pairs, size).await
    };
    let measured = measured.await;
    scratch.drop().await?;
    measured
}

async fn database(figures: &mut Figures, scratch: &Scratch, dose: Dose) -> anyhow::Result<()> {
    let pairs = scratch.pairs((dose.connections / 2).max(1)).await?;
    let batched = scratch.batched(&pairs, dose.size, dose.length).await?;
    let single = scratch.one_by_one(&pairs, dose.size, dose.length).await?;
    let commit = scratch.lone_commit(dose.length / 3).await?;
    figures.note("batched_rows_per_s", batched);
    figures.note("one_commit_rows_per_s", single);
    for (name, quantile) in [("lone_commit_p50_ms", 0.5), ("lone_commit_p99_ms", 0.99)] {
        figures.note(name, commit.at(quantile).unwrap_or_default());
    }
    Ok(())
}

async fn sockets(
    figures: &mut Figures,
    stage: &Stage,
    members: Dose,
    many: Dose,
) -> anyhow::Result<()> {
    for window in WINDOWS {
        let (bare, stage) = bare(stage).await?;
        let run = group::run(&stage, "bare", members, window).await?;
        bare.stop().await?;
        let name = format!("bare_deliveries_per_s_{window}");
        figures.note(&name, run.delivered_per_s.unwrap_or_default());
        if let Some(cpu) = run.cpu {
            figures.note(&format!("bare_cpu_us_{window}"), cpu.server);
        }
        figures.blame(crate::check::Faults {
            lost: run.lost,
            doubled: run.doubled,
            misordered: run.misordered,
        });
    }
    let (bare, stage) = bare(stage).await?;
    let many = Dose {
        length: Duration::from_secs(1),
        ..many
    };
    let weighed = idle::weigh(&stage, "bare", many, Program::of(bare.pid)).await?;
    bare.stop().await?;
    let each = weighed.server_rss_kib_per_connection;
    figures.note("bare_socket_kib", each.unwrap_or_default());
    Ok(())
}

/// A bare server and the stage before it.
async fn bare(stage: &Stage) -> anyhow::Result<(Bare, Stage)> {
    let bare = Bare::start().await?;
    let stage = Stage {
        server: bare.address,
        host: bare.address.to_string(),
        source: Source::Nowhere,
        ..stage.clone()
    };
    Ok((bare, stage))
}
