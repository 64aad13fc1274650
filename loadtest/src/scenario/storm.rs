//! Everybody loses the line at once and comes back: with a back-off of full jitter, resumes, and is caught up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    Dose, Stage,
    resume::{catch_up, speak},
};
use crate::{
    check::{Heard, Promised},
    figures::{Figures, Times},
    people::{Circle, Person},
    socket::{Route, Socket},
    talk::{Pace, Run, Talk, Talker},
};

/// The first back-off is drawn from this, and each further one from twice as much.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The widest back-off.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Who is not back by then was rejected for good.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two messages while they come back.
const MEANWHILE: Duration = Duration::from_secs(1);

/// How long everybody waits for the last message once it is known.
const LAST_WAIT: Duration = Duration::from_secs(20);

/// The number of the last message, once it is known.
type End = watch::Receiver<Option<u64>>;

/// Who is back, since when, after how many attempts.
struct Back {
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
    let pace = Pace::Every(MEANWHILE, run.start);
    let talker = Talker::new(speaker, run.clone(), talk, pace, 0);
    let speaking = tokio::spawn(talker.talk());
    let (to_the_end, end) = watch::channel(None);
    let (mut coming, all_back) = all_come_back(stage, &group, &end);
    all_back.notified().await;
    figures.seconds = run.start.elapsed().as_secs_f64();
    run.stop();
    let after = speaking.await??.1;
    let mut promised = before.promised;
    promised.merge(&after.promised);
    stage.bar.set_message("listening to the end");
    to_the_end.send_replace(Some(promised.highest()));
    let mut back = Vec::new();
    while let Some(one) = coming.join_next().await {
        back.extend(one?);
    }
    figures.acked = promised.count;
    figures.sent = promised.count + promised.unknown;
    figures.blame(promised.faults());
    sum_up(&mut figures, &promised, &back)?;
    Ok(figures)
}

/// Everybody comes back and goes on listening until the end is known and heard. Notified when nobody is on the way.
fn all_come_back(stage: &Stage, group: &Circle, end: &End) -> (JoinSet<Option<Back>>, Arc<Notify>) {
    let away = group.people.len() - 1;
    stage.bar.set_length(away as u64);
    stage.bar.set_position(0);
    stage.bar.set_message("coming back");
    let (mut coming, all_back) = (JoinSet::new(), Arc::new(Notify::new()));
    let left = Arc::new(AtomicUsize::new(away));
    let conversation: Arc<str> = group.conversation.to_string().into();
    let heard = Heard::after(group.said);
    for (place, person) in group.people.iter().enumerate().skip(1) {
        let comes = come_back(
            stage.route(place),
            person.clone(),
            conversation.clone(),
            heard.clone(),
        );
        let (bar, end, left, all_back) = (
            stage.bar.clone(),
            end.clone(),
            left.clone(),
            all_back.clone(),
        );
        coming.spawn(async move {
            let came = timeout(PATIENCE, comes).await.ok();
            bar.inc(1);
            if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                all_back.notify_one();
            }
            let (socket, mut back) = came?;
            listen(socket, &mut back.heard, end).await;
            Some(back)
        });
    }
    (coming, all_back)
}

/// Tries until it is back and caught up.
async fn come_back(
    route: Route,
    person: Person,
    conversation: Arc<str>,
    before: Heard,
) -> (Socket, Back) {
    let (start, mut attempts, mut pause) = (Instant::now(), 0, FIRST_PAUSE);
    loop {
        sleep(pause.mul_f64(rand::random())).await;
        attempts += 1;
        if let Ok((socket, heard)) = attempt(&route, &person, &conversation, before.clone()).await {
            let after = start.elapsed();
            let back = Back {
                heard,
                after,
                attempts,
            };
            return (socket, back);
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn attempt(
    route: &Route,
    person: &Person,
    conversation: &str,
    mut heard: Heard,
) -> anyhow::Result<(Socket, Heard)> {
    let mut socket = Socket::open(route).await?;
    socket.authenticate(&person.token).await?;
    catch_up(&mut socket, conversation, &mut heard, &mut Times::default()).await?;
    Ok((socket, heard))
}

/// Nobody may miss anything between what the log gave and what is live: listens until the last number is heard.
async fn listen(mut socket: Socket, heard: &mut Heard, mut end: End) {
    let mut deadline = Instant::now() + PATIENCE * 2;
    loop {
        let last = *end.borrow_and_update();
        if last.is_some_and(|last| heard.highest() >= last) {
            return socket.close().await;
        }
        if last.is_some() {
            deadline = deadline.min(Instant::now() + LAST_WAIT);
        }
        tokio::select! {
            read = socket.read(|frame| heard.hear_if_new(frame)) => if read.is_err() { return },
            changed = end.changed(), if last.is_none() => if changed.is_err() { return },
            () = sleep_until(deadline) => return,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of people")]
fn sum_up(figures: &mut Figures, promised: &Promised, back: &[Back]) -> anyhow::Result<()> {
    let (mut times, mut attempts) = (Times::default(), 0);
    for one in back {
        times.record(one.after);
        attempts += u64::from(one.attempts);
        figures.delivered += one.heard.count;
        figures.blame(one.heard.faults(promised));
    }
    let returned = back.len() as u64;
    figures.note("rejected", (figures.connections - returned) as f64);
    figures.note("attempts_each", attempts as f64 / returned.max(1) as f64);
    for (name, quantile) in [
        ("back_p50_ms", 0.5),
        ("back_p99_ms", 0.99),
        ("all_back_ms", 1.0),
    ] {
        figures.note(name, times.at(quantile).context("nobody came back")?);
    }
    Ok(())
}
