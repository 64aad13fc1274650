//! Pairs who talk one to one: every message is committed, answered, shown to the other and echoed to its sender.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use super::{Dose, Stage, tally};
use crate::{
    check::Promised,
    figures::Figures,
    people::{Circle, Person},
    talk::{Notes, Pace, Run, Talk, Talker},
};

/// How fast they talk.
#[derive(Clone, Copy, Debug)]
pub enum Flow {
    /// As fast as answers come, with so many unanswered for each.
    Flat(usize),
    /// So many a second in all.
    Rate(f64),
    /// One person of each pair, and the next word only after the answer.
    Lone,
}

/// Plays it.
pub async fn run(stage: &Stage, name: &str, dose: Dose, flow: Flow) -> anyhow::Result<Figures> {
    let pairs = stage.source.pairs((dose.connections / 2).max(1)).await?;
    let people: Vec<Person> = pairs.iter().flat_map(|pair| pair.people.clone()).collect();
    let sockets = stage.connect(&people).await?;
    let (program, run) = (stage.program(), Arc::new(Run::new(dose.size, dose.length)));
    let before = program.map(crate::usage::Program::spent);
    let mut talkers = JoinSet::new();
    let talks = talks(&pairs, flow);
    for (place, socket) in sockets.into_iter().enumerate() {
        let pace = pace(flow, place, people.len(), run.start);
        let talker = Talker::new(socket, run.clone(), talks[place / 2].clone(), pace, place);
        talkers.spawn(async move { anyhow::Ok((place, talker.talk().await?)) });
    }
    stage.watch(&run).await;
    let mut ended = Vec::new();
    while let Some(talked) = talkers.join_next().await {
        let (place, (socket, notes)) = talked??;
        ended.push((place, socket, notes));
    }
    let seconds = run.start.elapsed().as_secs_f64();
    let spent = program.map(crate::usage::Program::spent);
    ended.sort_by_key(|(place, ..)| *place);
    let notes: Vec<Notes> = ended.into_iter().map(|(_, _, notes)| notes).collect();
    let mut figures = Figures::of(name, people.len());
    tally(&mut figures, &run, seconds, &notes);
    check(&mut figures, &notes);
    let acked = figures.acked;
    figures.cpu = spent.zip(before).map(|(now, then)| now.since(then, acked));
    Ok(figures)
}

fn talks(pairs: &[Circle], flow: Flow) -> Vec<Arc<Talk>> {
    let talkers = if matches!(flow, Flow::Lone) { 1 } else { 2 };
    pairs.iter().map(|pair| Talk::new(pair, talkers)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of people")]
fn pace(flow: Flow, place: usize, people: usize, start: Instant) -> Pace {
    match flow {
        Flow::Flat(window) => Pace::Window(window),
        Flow::Rate(rate) => {
            let gap = Duration::from_secs_f64(people as f64 / rate.max(1e-3));
            Pace::Every(gap, start + gap.mul_f64(place as f64 / people as f64))
        }
        Flow::Lone if place.is_multiple_of(2) => Pace::Window(1),
        Flow::Lone => Pace::Listen,
    }
}

/// Both of a pair must have been shown what either was promised.
fn check(figures: &mut Figures, notes: &[Notes]) {
    for pair in notes.chunks_exact(2) {
        let mut promised = Promised::default();
        for one in pair {
            promised.merge(&one.promised);
        }
        figures.blame(promised.faults());
        for one in pair {
            figures.blame(one.heard.faults(&promised));
        }
    }
}
