//! Pairs who talk one to one: every message is committed, answered, shown to the other and echoed to its sender.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use super::{Dose, Stage, tally};
use crate::{
    check::Promised,
    figures::Figures,
    people::{Circle, Person},
    socket::Socket,
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
    let pairs = Pairs::gather(stage, dose.connections).await?;
    let (program, run) = (stage.program(), Arc::new(Run::new(dose.size, dose.length)));
    let before = program.map(crate::usage::Program::spent);
    let talkers = pairs.talk(&run, flow);
    stage.watch(&run).await;
    let (pairs, notes) = talkers.end().await?;
    let seconds = run.start.elapsed().as_secs_f64();
    let spent = program.map(crate::usage::Program::spent);
    let mut figures = Figures::of(name, pairs.sockets.len());
    tally(&mut figures, &run, seconds, &notes);
    check(&mut figures, &notes);
    let acked = figures.acked;
    figures.cpu = spent.zip(before).map(|(now, then)| now.since(then, acked));
    Ok(figures)
}

/// Pairs on the line.
pub(super) struct Pairs {
    circles: Vec<Circle>,
    /// Both of the first pair, then both of the second, and so on.
    sockets: Vec<Socket>,
}

impl Pairs {
    /// So many people, two and two.
    pub(super) async fn gather(stage: &Stage, people: usize) -> anyhow::Result<Self> {
        let circles = stage.source.pairs((people / 2).max(1)).await?;
        let people: Vec<Person> = circles
            .iter()
            .flat_map(|pair| pair.people.clone())
            .collect();
        let sockets = stage.connect(&people).await?;
        Ok(Self { circles, sockets })
    }

    /// Lets them talk until the run is over.
    pub(super) fn talk(self, run: &Arc<Run>, flow: Flow) -> Talkers {
        let (talks, people) = (talks(&self.circles, flow), self.sockets.len());
        let mut talking = JoinSet::new();
        for (place, socket) in self.sockets.into_iter().enumerate() {
            let pace = pace(flow, place, people, run.start);
            let talker = Talker::new(socket, run.clone(), talks[place / 2].clone(), pace, place);
            talking.spawn(async move {
                let (socket, notes) = talker.talk().await?;
                anyhow::Ok((place, socket, notes))
            });
        }
        Talkers {
            circles: self.circles,
            talking,
        }
    }
}

/// Pairs who are talking.
pub(super) struct Talkers {
    circles: Vec<Circle>,
    talking: JoinSet<anyhow::Result<(usize, Socket, Notes)>>,
}

impl Talkers {
    /// Waits until all have heard everything; gives their notes in their order.
    pub(super) async fn end(mut self) -> anyhow::Result<(Pairs, Vec<Notes>)> {
        let mut ended = Vec::new();
        while let Some(talked) = self.talking.join_next().await {
            ended.push(talked??);
        }
        ended.sort_by_key(|(place, ..)| *place);
        let (mut sockets, mut notes) = (Vec::new(), Vec::new());
        for (_, socket, noted) in ended {
            sockets.push(socket);
            notes.push(noted);
        }
        let circles = self.circles;
        Ok((Pairs { circles, sockets }, notes))
    }
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
pub(super) fn check(figures: &mut Figures, notes: &[Notes]) {
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
