//! Everybody loses the line at once and comes back: with a back-off of full jitter, resumes, and is caught up.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    Dose, OPENING, Stage,
    resume::{catch_up, speak},
};
use crate::{
    check::Heard,
    figures::{Figures, Times},
    people::{Circle, Person},
    socket::{Route, Socket},
    talk::{Notes, Pace, Run, Talk, Talker},
};

/// The first back-off is drawn from this, and each further one from twice as much.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The widest back-off.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Who is not back by then was rejected for good.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two messages while they come back.
const MEANWHILE: Duration = Duration::from_millis(200);

struct Back {
    socket: Socket,
    heard: Heard,
    after: Duration,
    attempts: u32,
}

/// Plays it: `missed` messages are said while everybody is away, and more while they return.
pub async fn run(stage: &Stage, name: &str, dose: Dose, missed: u64) -> anyhow::Result<Figures> {
    let group = stage.source.group(dose.connections + 1).await?;
    let sockets = stage.connect(&group.people[1..]).await?;
    let mut figures = Figures::of(name, dose.connections);
    drop(sockets);
    let (speaker, before) = speak(stage, &group, missed, dose.size).await?;
    let run = Arc::new(Run::new(dose.size, PATIENCE));
    let talk = Talk::new(&group, 1);
    let talker = Talker::new(
        speaker,
        run.clone(),
        talk,
        Pace::Every(MEANWHILE, run.start),
        0,
    );
    let speaking = tokio::spawn(talker.talk());
    let back = all_come_back(stage, &group).await?;
    figures.seconds = run.start.elapsed().as_secs_f64();
    run.stop();
    let after = speaking.await??.1;
    sum_up(&mut figures, stage, back, [before, after]).await
}

async fn all_come_back(stage: &Stage, group: &Circle) -> anyhow::Result<Vec<Back>> {
    stage.bar.set_length(group.people.len() as u64 - 1);
    stage.bar.set_position(0);
    stage.bar.set_message("coming back");
    let mut coming = JoinSet::new();
    let conversation: Arc<str> = group.conversation.to_string().into();
    for (place, person) in group.people.iter().enumerate().skip(1) {
        let (bar, conversation) = (stage.bar.clone(), conversation.clone());
        let comes = come_back(stage.route(place), person.clone(), conversation);
        coming.spawn(async move {
            let back = timeout(PATIENCE, comes).await;
            bar.inc(1);
            back.ok()
        });
    }
    let back = coming.join_all().await;
    Ok(back.into_iter().flatten().collect())
}

/// Tries until it is back and caught up.
async fn come_back(route: Route, person: Person, conversation: Arc<str>) -> Back {
    let (start, mut attempts, mut pause) = (Instant::now(), 0, FIRST_PAUSE);
    loop {
        sleep(pause.mul_f64(rand::random())).await;
        attempts += 1;
        if let Ok((socket, heard)) = attempt(&route, &person, &conversation).await {
            let after = start.elapsed();
            return Back {
                socket,
                heard,
                after,
                attempts,
            };
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn attempt(
    route: &Route,
    person: &Person,
    conversation: &str,
) -> anyhow::Result<(Socket, Heard)> {
    let mut socket = Socket::open(route).await?;
    socket.authenticate(&person.token).await?;
    let mut heard = Heard::after(0);
    catch_up(&mut socket, conversation, &mut heard, &mut Times::default()).await?;
    Ok((socket, heard))
}

/// Nobody may miss anything between what the log gave and what is live.
#[expect(clippy::cast_precision_loss, reason = "counts of people")]
async fn sum_up(
    figures: &mut Figures,
    stage: &Stage,
    back: Vec<Back>,
    spoken: [Notes; 2],
) -> anyhow::Result<Figures> {
    let mut promised = spoken[0].promised;
    promised.merge(&spoken[1].promised);
    figures.blame(promised.faults());
    let (mut times, mut attempts) = (Times::default(), 0);
    let (returned, places) = (back.len() as u64, Arc::new(Semaphore::new(OPENING)));
    stage.bar.set_message("listening to the end");
    let mut listening = JoinSet::new();
    for one in back {
        times.record(one.after);
        attempts += u64::from(one.attempts);
        let places = places.clone();
        listening.spawn(async move {
            let _place = places.acquire_owned().await;
            listen(one.socket, one.heard, promised.highest()).await
        });
    }
    while let Some(heard) = listening.join_next().await {
        let heard = heard?;
        figures.delivered += heard.count;
        figures.blame(heard.faults(&promised));
    }
    figures.acked = promised.count;
    figures.sent = promised.count + promised.unknown;
    figures.note("rejected", (figures.connections - returned) as f64);
    figures.note("attempts_each", attempts as f64 / returned.max(1) as f64);
    for (name, quantile) in [
        ("back_p50_ms", 0.5),
        ("back_p99_ms", 0.99),
        ("all_back_ms", 1.0),
    ] {
        figures.note(name, times.at(quantile).context("nobody came back")?);
    }
    Ok(figures.clone())
}

async fn listen(mut socket: Socket, mut heard: Heard, highest: u64) -> Heard {
    let end = Instant::now() + Duration::from_secs(10);
    while heard.highest() < highest {
        let read = socket.read(|frame| heard.hear_if_new(frame));
        match tokio::time::timeout_at(end, read).await {
            Ok(Ok(())) => {}
            _ => break,
        }
    }
    heard
}
