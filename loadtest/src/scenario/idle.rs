//! Many who say nothing: what does a connection cost, and is it given back?

use std::time::Duration;

use anyhow::Context as _;
use tokio::{task::JoinSet, time::sleep};

use super::{Dose, Stage};
use crate::{figures::Figures, usage::Program};

/// After this time without a change the memory has settled.
const SETTLING: Duration = Duration::from_secs(4);
/// Sockets that come and go before the count, so that what everybody shares is there already.
const FIRST: usize = 200;

/// Plays it.
pub async fn run(stage: &Stage, name: &str, dose: Dose) -> anyhow::Result<Figures> {
    let program = stage.program();
    weigh(
        stage,
        name,
        dose,
        program.context("idle needs the server on this machine")?,
    )
    .await
}

/// The same for a program that is known.
#[expect(clippy::cast_precision_loss, reason = "counts of sockets")]
pub(crate) async fn weigh(
    stage: &Stage,
    name: &str,
    dose: Dose,
    program: Program,
) -> anyhow::Result<Figures> {
    let people = stage.source.people(dose.connections).await?;
    let first = stage.connect(&people[..FIRST.min(people.len())]).await?;
    leave(first).await;
    let memory = || program.rss_kib().context("the server's memory");
    let empty = settled(memory).await?;

    let started = tokio::time::Instant::now();
    let sockets = stage.connect(&people).await?;
    let connected = started.elapsed().as_secs_f64();
    let mut quiet = JoinSet::new();
    let (end, ended) = tokio::sync::watch::channel(());
    for mut socket in sockets {
        let mut ended = ended.clone();
        quiet.spawn(async move {
            loop {
                tokio::select! {
                    read = socket.read(|_| ()) => read?,
                    _ = ended.changed() => return anyhow::Ok(socket),
                }
            }
        });
    }
    stage.bar.set_message("sitting still");
    sleep(dose.length).await;
    let full = settled(memory).await?;
    end.send_replace(());
    let mut sockets = Vec::new();
    while let Some(socket) = quiet.join_next().await {
        sockets.push(socket?.context("an idle socket was closed")?);
    }
    leave(sockets).await;
    let after = settled(memory).await?;

    let mut figures = Figures::of(name, people.len());
    figures.seconds = dose.length.as_secs_f64();
    figures.server_rss_kib_per_connection = Some((full - empty) / people.len() as f64);
    figures.note("rss_empty_kib", empty);
    figures.note("rss_full_kib", full);
    figures.note("rss_after_kib", after);
    figures.note("given_back", (full - after) / (full - empty).max(1.0));
    figures.note("log_ins_per_s", people.len() as f64 / connected);
    Ok(figures)
}

async fn leave(sockets: Vec<crate::socket::Socket>) {
    let mut leaving: JoinSet<()> = sockets
        .into_iter()
        .map(crate::socket::Socket::close)
        .collect();
    while leaving.join_next().await.is_some() {}
}

/// Waits until memory stands still and gives it.
async fn settled<F: Fn() -> anyhow::Result<f64>>(memory: F) -> anyhow::Result<f64> {
    let mut last = memory()?;
    for _ in 0..10 {
        sleep(SETTLING).await;
        let now = memory()?;
        if (now - last).abs() < 64.0 {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}
