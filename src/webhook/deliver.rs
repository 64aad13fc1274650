//! The courier: calls the endpoints of what is due, outside of any transaction, and writes down how it went.
//!
//! A delivery is leased before the call. A node that dies in the middle leaves the lease behind; when it has run out,
//! another calls again with the same `webhook-id`, so the receiver can tell. A node that was only slow finds that its
//! attempt is no longer the newest, and changes nothing.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{
    endpoint, payload,
    queries::{self, Due, Record},
    schedule::{STEPS, Verdict},
    switch_off::{self, Because},
};
use crate::{
    app::App,
    egress::{
        address::Guard,
        again,
        call::{Answer, Egress, EgressFault},
    },
    error::Result,
    sign::{Secret, Signer},
};

/// So often the courier looks for what nobody woke it for: retries, and what other nodes fanned out.
const POLL: Duration = Duration::from_millis(250);
/// A lease outlives its call by so much; then its holder is taken for dead.
const LEASE_MARGIN: Duration = Duration::from_secs(50);

/// Calls the endpoints; one on every node.
pub struct Courier {
    app: App,
    egress: Egress,
    fanned_out: Arc<Notify>,
    under_way: FuturesUnordered<JoinHandle<()>>,
}

impl Courier {
    /// A courier that looks at once when `fanned_out` says so. Fails if the TLS roots cannot be read.
    pub fn new(app: &App, fanned_out: Arc<Notify>) -> anyhow::Result<Self> {
        let limit = Duration::from_millis(app.config.webhook.call_ms);
        Ok(Self {
            app: app.clone(),
            egress: Egress::new(Guard::of(&app.config), limit)?,
            fanned_out,
            under_way: FuturesUnordered::new(),
        })
    }

    /// Works until the soft stop, and then until the calls that are under way have ended.
    pub async fn run(mut self) {
        while !self.app.tasks.soft().is_cancelled() {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "webhooks have to wait a moment");
            }
            self.rest().await;
        }
        while self.under_way.next().await.is_some() {}
    }

    /// Takes what is due, as much as there are seats for, and begins to call.
    async fn look(&mut self) -> Result<()> {
        let seats = self
            .app
            .config
            .webhook
            .at_once
            .saturating_sub(self.under_way.len());
        if seats == 0 {
            return Ok(());
        }
        let (now, limit) = (
            self.app.clock.now(),
            i64::try_from(seats).unwrap_or(i64::MAX),
        );
        let until = now
            + SignedDuration::from_millis(self.app.config.webhook.call_ms.cast_signed())
            + LEASE_MARGIN;
        for due in queries::take(self.app.store.pool(), limit, now, until).await? {
            let (app, egress) = (self.app.clone(), self.egress.clone());
            let call = self.app.tasks.spawn(async move {
                if let Err(error) = attempt(&app, &egress, &due).await {
                    tracing::warn!(delivery = %due.id, error = format!("{error:#}"), "an attempt is lost; its lease will run out");
                }
            });
            self.under_way.push(call);
        }
        Ok(())
    }

    /// Until there is something to do: a call has ended, facts were fanned out, or it is time to look.
    async fn rest(&mut self) {
        tokio::select! {
            () = self.app.tasks.soft().cancelled() => {}
            Some(_) = self.under_way.next() => {}
            _ = timeout(POLL, self.fanned_out.notified()) => {}
        }
    }
}

/// One call, from the guard to the record.
async fn attempt(app: &App, egress: &Egress, due: &Due) -> Result<()> {
    let body = payload::body(app, due).await?;
    let started = Instant::now();
    let signer = signer(app, due)?;
    let outcome = call(app, egress, due, &signer, body).await;
    let duration_ms = i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX);
    settle(app, due, outcome, duration_ms).await
}

/// Signs and sends; the address is judged anew, for the rule or the name may have changed since it was saved.
async fn call(
    app: &App,
    egress: &Egress,
    due: &Due,
    signer: &Signer,
    body: Bytes,
) -> Result<Answer, EgressFault> {
    let target = Guard::of(&app.config).admit(&due.url)?;
    let stamp = signer.stamp(due.id.0, app.clock.now(), &body);
    let [id, timestamp, signature] = stamp.headers();
    let json = ("content-type", "application/json");
    let headers = [json, id, timestamp, signature];
    egress.post(&target, &headers, body).await
}

/// Signs with the endpoint's secret, and with the former one for as long as that is good.
fn signer(app: &App, due: &Due) -> anyhow::Result<Signer> {
    let row = endpoint::row(due.endpoint);
    let read = |sealed: &str| -> anyhow::Result<Secret> {
        Ok(Secret::parse(&app.vault.unseal(&row, sealed)?)?)
    };
    let previous = due.previous_secret.as_deref();
    let previous = previous.map(read).transpose()?;
    Ok(Signer::new(read(&due.secret)?, previous))
}

/// Writes down how it went, and what follows.
async fn settle(
    app: &App,
    due: &Due,
    outcome: Result<Answer, EgressFault>,
    duration_ms: i32,
) -> Result<()> {
    let now = app.clock.now();
    let verdict = outcome
        .as_ref()
        .map_or(Verdict::Failed, |answer| Verdict::of(answer.status));
    let record = Record {
        status: outcome
            .as_ref()
            .ok()
            .map(|answer| answer.status.cast_signed()),
        error: outcome.as_ref().err().map(ToString::to_string),
        duration_ms,
    };
    let again = again(due, outcome.ok(), now).filter(|_| verdict == Verdict::Failed);
    let mut tx = app.store.begin(due.shop).await?;
    queries::lock(&mut tx, due.endpoint, verdict == Verdict::Gone).await?;
    queries::record(&mut tx, due, &record).await?;
    let newest = queries::settle(&mut tx, due, verdict == Verdict::Heard, again, now).await?;
    if newest
        && verdict == Verdict::Gone
        && queries::switch_off_gone(&mut tx, due.endpoint, now).await?
    {
        switch_off::tell(&mut tx, due.endpoint, Because::Gone, now).await?;
    }
    metrics::counter!("souk_webhook_attempts", "verdict" => verdict.word()).increment(1);
    tx.commit().await
}

/// When a failed delivery is tried again; never, after the last step.
fn again(due: &Due, answer: Option<Answer>, now: Timestamp) -> Option<Timestamp> {
    let wish = answer.and_then(|answer| answer.retry_after);
    let failures = due.failures.saturating_add(1);
    again::due(&STEPS, failures, rand::random(), wish.as_deref(), now)
}
