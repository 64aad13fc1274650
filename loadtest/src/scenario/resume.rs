//! Come back after a long absence and page through what was missed.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use proto::{CatchUp, Cursor, Resume, client_frame::Request, reply::Answer};
use tokio::{task::JoinSet, time::Instant};

use super::{Dose, Stage};
use crate::{
    check::Heard,
    figures::{Figures, Times},
    people::{Circle, Person},
    socket::{Route, Socket},
    talk::{Notes, Pace, Run, Talk, Talker},
};

/// Messages of one page.
const PAGE: u32 = 500;

/// Plays it: one says `missed` things to a group while nobody else is there; then all come.
#[expect(clippy::cast_precision_loss, reason = "counts of messages")]
pub async fn run(stage: &Stage, name: &str, dose: Dose, missed: u64) -> anyhow::Result<Figures> {
    let group = stage.source.group(dose.connections + 1).await?;
    let spoken = speak(stage, &group, missed, dose.size).await?.1;
    stage.bar.set_length(dose.connections as u64);
    stage.bar.set_message("catching up");
    let (start, mut coming) = (Instant::now(), JoinSet::new());
    for (place, person) in group.people.iter().enumerate().skip(1) {
        let conversation = group.conversation.to_string();
        coming.spawn(come_back(stage.route(place), person.clone(), conversation));
    }
    let mut figures = Figures::of(name, dose.connections);
    let mut pages = Times::default();
    while let Some(came) = coming.join_next().await {
        let (heard, times) = came??;
        pages.merge(&times);
        figures.delivered += heard.count;
        figures.blame(heard.faults(&spoken.promised));
        stage.bar.inc(1);
    }
    figures.blame(spoken.promised.faults());
    figures.seconds = start.elapsed().as_secs_f64();
    (figures.sent, figures.acked) = (missed, spoken.promised.count);
    figures.delivered_per_s = Some(figures.delivered as f64 / figures.seconds);
    for (name, quantile) in [("page_p50_ms", 0.5), ("page_p99_ms", 0.99)] {
        figures.note(name, pages.at(quantile).unwrap_or_default());
    }
    Ok(figures)
}

/// The first of a group says so much and stays on the line.
pub(super) async fn speak(
    stage: &Stage,
    group: &Circle,
    messages: u64,
    size: usize,
) -> anyhow::Result<(Socket, Notes)> {
    let first = stage.connect(&group.people[..1]).await?;
    let socket = first.into_iter().next().context("the speaker")?;
    stage.bar.set_message("speaking");
    let run = Arc::new(Run::of(messages, size, Duration::from_mins(2)));
    let talk = Talk::new(group, 1);
    Talker::new(socket, run, talk, Pace::Window(64), 0)
        .talk()
        .await
}

async fn come_back(
    route: Route,
    person: Person,
    conversation: String,
) -> anyhow::Result<(Heard, Times)> {
    let (mut heard, mut pages) = (Heard::after(0), Times::default());
    let mut socket = Socket::open(&route).await?;
    socket.authenticate(&person.token).await?;
    catch_up(&mut socket, &conversation, &mut heard, &mut pages).await?;
    Ok((heard, pages))
}

/// Asks for page after page, from what was heard last. What is pushed meanwhile is passed over if a page brings it too.
pub(super) async fn catch_up(
    socket: &mut Socket,
    conversation: &str,
    heard: &mut Heard,
    pages: &mut Times,
) -> anyhow::Result<()> {
    let (mut id, mut more, mut pushed) = (1, true, Vec::new());
    while more {
        id += 1;
        let cursor = Cursor {
            conversation_id: conversation.to_owned(),
            number: heard.highest(),
            revision: 0,
        };
        let request = Resume {
            cursors: vec![cursor],
            limit: PAGE,
        };
        let asked = Instant::now();
        let keep = |frame: &[u8]| pushed.push(frame.to_vec());
        let answer = socket.ask(id, Request::Resume(request), keep).await?;
        pages.record(asked.elapsed());
        let Answer::Resumed(resumed) = answer else {
            bail!("expected `resumed`, got {answer:?}")
        };
        more = resumed.more;
        resumed
            .conversations
            .iter()
            .for_each(|one| take(one, heard));
    }
    for frame in &pushed {
        heard.hear_if_new(frame);
    }
    Ok(())
}

fn take(caught: &CatchUp, heard: &mut Heard) {
    for message in &caught.messages {
        heard.hear(message.number, message.client_message_id.as_bytes());
    }
}
