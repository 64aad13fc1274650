//! Takes facts and hands them to their readers: whatever follows from a fact is written in the transaction that marks
//! it done, so that neither a crash nor a second node loses or doubles anything.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde_json::json;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

use super::queries::{self, Row};
use crate::{
    aftersale,
    app::App,
    bot, coupon, crm,
    error::{Error, Result},
    fact::Remembered,
    lottery, parcel, push, reward, shop, shortage,
    store::Tx,
    webhook,
};

/// Workers of one node.
pub const WORKERS: usize = 2;
/// Facts that one transaction takes at most.
const BATCH: i64 = 200;
/// So often a worker looks for facts that nobody woke it for: those of the message log and of other nodes.
const POLL: Duration = Duration::from_millis(250);
/// While there is company, a worker begins a round so long after the last one at the soonest: its readers ask once for all that came
/// meanwhile. A crowd that orders at once would otherwise wait for some ten statements a fact.
const GATHERING: Duration = Duration::from_millis(50);
/// So often a reader may fail on a fact before it is put aside.
const PATIENCE: i32 = 10;
/// Done facts are kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The readers of facts, one line each.
async fn read(app: &App, tx: &mut Tx, facts: &[Remembered]) -> Result<()> {
    webhook::fan_out::fan_out(app, tx, facts).await?;
    push::fan_out::fan_out(app, tx, facts).await?;
    aftersale::settle::hear(app, facts).await?;
    shortage::serve::hear(app, facts).await?;
    lottery::hear::hear(app, facts).await?;
    shop::welcome::hear(app, facts).await?;
    reward::hear::hear(app, facts).await?;
    coupon::watch::hear(app, facts).await?;
    crm::keep::hear(app, facts).await?;
    bot::answer::hear(app, facts).await?;
    parcel::begin::begin(app, tx, facts).await?;
    aftersale::waiting::show(tx, facts).await
}

/// Works until the soft stop; a batch that was begun is finished.
pub async fn run(app: App, fanned_out: Arc<Notify>) {
    while !app.tasks.soft().is_cancelled() {
        let not_before = Instant::now() + GATHERING;
        match round(&app).await {
            Ok(0) => rest(&app).await,
            Ok(_) => {
                fanned_out.notify_one();
                gather(&app, not_before).await;
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "facts have to wait a moment");
                rest(&app).await;
            }
        }
    }
}

async fn rest(app: &App) {
    tokio::select! {
        () = app.tasks.soft().cancelled() => {}
        _ = timeout(POLL, app.store.remembered().notified()) => {}
    }
}

async fn gather(app: &App, until: Instant) {
    tokio::select! {
        () = app.tasks.soft().cancelled() => {}
        () = sleep_until(until) => {}
    }
}

/// Takes a batch; says how many facts it held. A batch that fails is taken apart, so that only the bad fact waits.
async fn round(app: &App) -> Result<usize> {
    match guarded(app, None).await {
        Err(error) if !error.is_weather() => {
            tracing::warn!(
                error = format!("{error:#}"),
                "a batch of facts failed; taking them one by one"
            );
            one_by_one(app).await
        }
        settled => settled,
    }
}

async fn one_by_one(app: &App) -> Result<usize> {
    let waiting = queries::waiting(app.store.pool(), BATCH, app.clock.now()).await?;
    for fact in &waiting {
        match guarded(app, Some(*fact)).await {
            Err(error) if error.is_weather() => return Err(error),
            Err(error) => put_back(app, *fact, &error).await?,
            Ok(_) => {}
        }
    }
    Ok(waiting.len())
}

/// Runs [`take`] as a task of its own: it goes on when the worker is dropped, and its panic is a failure like others.
async fn guarded(app: &App, only: Option<i64>) -> Result<usize> {
    let (owned, tasks) = (app.clone(), &app.tasks);
    let taken = tasks.spawn(async move { take(&owned, only).await }).await;
    taken.unwrap_or_else(|panic| Err(Error::Broken(panic.into())))
}

/// One transaction: takes facts that no other worker holds, hands them to the readers, marks them done.
async fn take(app: &App, only: Option<i64>) -> Result<usize> {
    let mut tx = app.store.begin_people().await?;
    let rows = queries::take(&mut tx, only, BATCH, app.clock.now()).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let facts = rows
        .into_iter()
        .map(understand)
        .collect::<Result<Vec<_>>>()?;
    read(app, &mut tx, &facts).await?;
    queries::mark_done(&mut tx, &ids, app.clock.now()).await?;
    tx.commit().await?;
    Ok(ids.len())
}

fn understand(row: Row) -> Result<Remembered> {
    let tagged = json!({ "kind": row.kind, "payload": row.payload });
    let fact = serde_json::from_value(tagged)
        .map_err(|error| anyhow::anyhow!("fact {} is not understood: {error}", row.id))?;
    Ok(Remembered {
        id: row.id,
        shop: row.shop,
        at: row.at,
        kind: row.kind,
        payload: row.payload,
        fact,
    })
}

/// The fact comes again later, each time twice as late; after [`PATIENCE`] failures somebody has to look at it.
async fn put_back(app: &App, fact: i64, error: &Error) -> Result<()> {
    let (now, reason) = (app.clock.now(), format!("{error:#}"));
    let quarantined = queries::put_back(app.store.pool(), fact, PATIENCE, &reason, now).await?;
    if quarantined {
        metrics::counter!("souk_facts_quarantined").increment(1);
        tracing::error!(
            fact,
            reason,
            "a fact is quarantined: its readers cannot take it"
        );
    } else {
        tracing::warn!(fact, reason, "a fact failed and comes again");
    }
    Ok(())
}

/// Forgets facts that were done a week ago. Those in quarantine stay until somebody has looked at them.
pub async fn forget(app: &App) -> Result<()> {
    let before = app.clock.now() - KEPT;
    while queries::forget(app.store.pool(), before).await? > 0 {}
    Ok(())
}
