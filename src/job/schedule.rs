//! What runs when. One node at a time takes what is due, by a lease on its row; whatever it does is decided by its own
//! statements, so that a node that was taken for dead and wakes up changes nothing twice.

use std::{pin::Pin, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use jiff::SignedDuration;
use tokio::{
    task::{JoinError, JoinHandle},
    time::{Instant, MissedTickBehavior, interval, interval_at},
};

use super::{
    forget,
    queries::{self, Lease},
    worker,
};
use crate::{
    alert,
    app::App,
    campaign, coupon, crm,
    error::{Error, Result},
    lottery, order, parcel, payment, push, red_packet, webhook,
};

/// So often a node looks for what is due.
const LOOK: Duration = Duration::from_secs(1);
/// What a node that died was doing is taken over after so long …
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// … for whoever lives says every ten seconds that it is still at it …
const RENEWAL: Duration = Duration::from_secs(10);
/// … so often at most: a job that takes longer than ten minutes is taken over as well.
const RENEWALS: u32 = 60;

/// The schedule, one line a job. A job may run twice, so it must do no harm when there is nothing to do.
const JOBS: &[Job] = &[
    Job("switch_off_endpoints", minutes(1), |app| {
        Box::pin(async move { webhook::switch_off::exhausted(&app).await })
    }),
    Job("orders_due", seconds(5), |app| {
        Box::pin(async move { order::time_out::due(&app).await })
    }),
    Job("coupons_due", seconds(5), |app| {
        Box::pin(async move { coupon::time_out::due(&app).await })
    }),
    Job("draws_due", seconds(5), |app| {
        Box::pin(async move { lottery::time_out::due(&app).await })
    }),
    Job("closed_draws", seconds(1), |app| {
        Box::pin(async move { lottery::decide::due(&app).await })
    }),
    Job("red_packets_due", seconds(5), |app| {
        Box::pin(async move { red_packet::time_out::due(&app).await })
    }),
    Job("campaigns", seconds(1), |app| {
        Box::pin(async move { campaign::run::due(&app).await })
    }),
    Job("recalls", minutes(10), |app| {
        Box::pin(async move { campaign::recall::due(&app).await })
    }),
    Job("follow_ups_due", seconds(5), |app| {
        Box::pin(async move { crm::follow_up::due(&app).await })
    }),
    Job("keep_tags", minutes(60), |app| {
        Box::pin(async move { crm::keep::due(&app).await })
    }),
    Job("charges", seconds(10), |app| {
        Box::pin(async move { order::hear::ask_after(&app).await })
    }),
    Job("refunds", seconds(2), |app| {
        Box::pin(async move { payment::refund::execute(&app).await })
    }),
    Job("follow_parcels", seconds(2), |app| {
        Box::pin(async move { parcel::follow::due(&app).await })
    }),
    Job("late_parcels", minutes(1), |app| {
        Box::pin(async move { parcel::late::due(&app).await })
    }),
    Job("credit_yesterday", minutes(1), |app| {
        Box::pin(async move { payment::settle::credit_yesterday(&app).await })
    }),
    Job("fold_ledger", minutes(1), |app| {
        Box::pin(async move { payment::ledger::fold(&app).await })
    }),
    Job("forget_facts", minutes(60), |app| {
        Box::pin(async move { worker::forget(&app).await })
    }),
    Job("forget_expired", minutes(5), |app| {
        Box::pin(async move { forget::expired(&app).await })
    }),
    Job("forget_alerts", minutes(60), |app| {
        Box::pin(async move { alert::forget(&app).await })
    }),
    Job("call_customers", seconds(5), |app| {
        Box::pin(async move { push::call::customers(&app).await })
    }),
    Job("forget_pushes", minutes(60), |app| {
        Box::pin(async move { push::forget(&app).await })
    }),
    Job("forget_deliveries", minutes(60), |app| {
        Box::pin(async move { webhook::history::forget(&app).await })
    }),
];

/// Its name, how often it runs, and the verb.
struct Job(&'static str, SignedDuration, fn(App) -> Running);

type Running = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

const fn seconds(number: i64) -> SignedDuration {
    SignedDuration::from_secs(number)
}

const fn minutes(number: i64) -> SignedDuration {
    SignedDuration::from_mins(number)
}

/// Runs until the soft stop; jobs that were begun are finished. They run beside one another: one that waits for a payment provider that does
/// not answer holds up no other.
pub async fn run(app: App) {
    let names: Vec<String> = JOBS.iter().map(|job| job.0.to_owned()).collect();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = FuturesUnordered::<JoinHandle<()>>::new();
    loop {
        tokio::select! {
            () = app.tasks.soft().cancelled() => break,
            Some(_) = under_way.next() => continue,
            _ = looks.tick() => {}
        }
        let begin = |lease| under_way.push(app.tasks.spawn(work(app.clone(), lease)));
        if let Err(error) = look(&app, &names, begin).await {
            tracing::warn!(%error, "the schedule has to wait a moment");
        }
    }
    while under_way.next().await.is_some() {}
}

/// Begins everything that is due and that no other node does.
async fn look(app: &App, names: &[String], mut begin: impl FnMut(Lease)) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    queries::enrol(pool, names, now).await?;
    while let Some(lease) = queries::lease(pool, names, now, now + LEASE).await? {
        begin(lease);
    }
    Ok(())
}

/// Runs one job as a task of its own, so that its panic ends nothing but itself.
async fn work(app: App, lease: Lease) {
    let Some(job) = JOBS.iter().find(|job| job.0 == lease.name) else {
        return;
    };
    let outcome = hold(&app, &lease, app.tasks.spawn((job.2)(app.clone()))).await;
    let outcome = outcome.unwrap_or_else(|panic| Err(Error::Broken(panic.into())));
    let failed = outcome.err().map(|error| format!("{error:#}"));
    if let Some(reason) = &failed {
        tracing::error!(job = job.0, reason, "a scheduled job failed");
    }
    let now = app.clock.now();
    match queries::settle(
        app.store.pool(),
        &lease,
        failed.as_deref(),
        now,
        now + job.1,
    )
    .await
    {
        Ok(true) => {}
        Ok(false) => tracing::warn!(
            job = job.0,
            "the job took too long: another node has taken it over"
        ),
        Err(error) => tracing::warn!(job = job.0, %error, "the job's lease will run out"),
    }
}

/// Holds the lease until the job has ended.
async fn hold(
    app: &App,
    lease: &Lease,
    mut job: JoinHandle<Result<()>>,
) -> Result<Result<()>, JoinError> {
    let mut renewals = interval_at(Instant::now() + RENEWAL, RENEWAL);
    let mut left = RENEWALS;
    loop {
        tokio::select! {
            outcome = &mut job => return outcome,
            _ = renewals.tick(), if left > 0 => left -= 1,
        }
        let until = app.clock.now() + LEASE;
        if let Err(error) = queries::renew(app.store.pool(), lease, until).await {
            tracing::warn!(job = lease.name, %error, "a job's lease could not be renewed");
        }
    }
}
