//! One speaks to many: every message is committed and shown to every member.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Dose, Stage, tally};
use crate::{
    figures::Figures,
    talk::{Notes, Pace, Run, Talk, Talker},
};

/// Plays it: one speaker, who keeps `window` messages on their way to everybody.
pub async fn run(stage: &Stage, name: &str, dose: Dose, window: usize) -> anyhow::Result<Figures> {
    let group = stage.source.group(dose.connections).await?;
    let sockets = stage.connect(&group.people).await?;
    let (program, run) = (stage.program(), Arc::new(Run::new(dose.size, dose.length)));
    let before = program.map(crate::usage::Program::spent);
    let talk = Talk::new(&group, 1);
    let mut talkers = JoinSet::new();
    for (place, socket) in sockets.into_iter().enumerate() {
        let pace = if place == 0 {
            Pace::Reach(window)
        } else {
            Pace::Listen
        };
        let talker = Talker::new(socket, run.clone(), talk.clone(), pace, place);
        talkers.spawn(talker.talk());
    }
    stage.watch(&run).await;
    let mut notes: Vec<Notes> = Vec::new();
    while let Some(talked) = talkers.join_next().await {
        notes.push(talked??.1);
    }
    let seconds = run.start.elapsed().as_secs_f64();
    let spent = program.map(crate::usage::Program::spent);
    let mut figures = Figures::of(name, group.people.len());
    tally(&mut figures, &run, seconds, &notes);
    check(&mut figures, &notes);
    let thousands = figures.delivered / 1_000;
    figures.cpu = spent
        .zip(before)
        .map(|(now, then)| now.since(then, thousands));
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    figures.note("window", window as f64);
    Ok(figures)
}

/// Everybody must have been shown what the speaker was promised.
fn check(figures: &mut Figures, notes: &[Notes]) {
    let Some(speaker) = notes.iter().find(|one| one.promised.count > 0) else {
        return;
    };
    figures.blame(speaker.promised.faults());
    for one in notes {
        figures.blame(one.heard.faults(&speaker.promised));
    }
}
