//! The courier: brings what waits to the browsers' push services, outside of any transaction, and writes down what became of it.
//!
//! A delivery is leased before the call; if its node dies, another brings it when the lease has run out, and the browser may show it
//! twice. Each browser's deliveries are brought one after the other. Nobody is reached who is on the line by then, on any node, has read the
//! alert elsewhere, may not see it any more or does not want it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use tokio::{task::JoinHandle, time::timeout};

use super::{
    NEWS, STEPS, Verdict,
    queries::{self, Due, Outcome},
    urgency,
    vapid::Vapid,
};
use crate::{
    app::App,
    config::PushProvider,
    egress::{
        address::Guard,
        again,
        call::{Answer, Egress, EgressFault},
    },
    error::Result,
    id::UserId,
};

/// So often the courier looks for what waits.
const POLL: Duration = Duration::from_millis(250);
/// A lease outlives its call by so much; then its holder is taken for dead.
const LEASE_MARGIN: Duration = Duration::from_secs(50);

/// How browsers are reached.
#[derive(Clone)]
enum Provider {
    /// By their push services.
    WebPush { egress: Egress, vapid: Arc<Vapid> },
    /// Not at all: what would have gone out is on the page of the development profile.
    Sink,
}

/// Brings what waits; one on every node.
pub struct Courier {
    app: App,
    provider: Provider,
    under_way: FuturesUnordered<JoinHandle<()>>,
}

impl Courier {
    /// A courier as the settings say. Fails if the TLS roots cannot be read.
    pub fn new(app: &App, vapid: Vapid) -> anyhow::Result<Self> {
        let limit = Duration::from_millis(app.config.push.call_ms);
        let provider = match app.config.push.provider {
            PushProvider::Sink => Provider::Sink,
            PushProvider::WebPush => Provider::WebPush {
                egress: Egress::new(Guard::of(&app.config), limit)?,
                vapid: Arc::new(vapid),
            },
        };
        Ok(Self {
            app: app.clone(),
            provider,
            under_way: FuturesUnordered::new(),
        })
    }

    /// Works until the soft stop, and then until the calls that are under way have ended.
    pub async fn run(mut self) {
        while !self.app.tasks.soft().is_cancelled() {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "pushes have to wait a moment");
            }
            self.rest().await;
        }
        while self.under_way.next().await.is_some() {}
    }

    /// Takes what is due, as much as there are seats for, and begins to bring it.
    async fn look(&mut self) -> Result<()> {
        let settings = &self.app.config.push;
        let seats = settings.at_once.saturating_sub(self.under_way.len());
        if seats == 0 {
            return Ok(());
        }
        let (now, limit) = (
            self.app.clock.now(),
            i64::try_from(seats).unwrap_or(i64::MAX),
        );
        let until =
            now + SignedDuration::from_millis(settings.call_ms.cast_signed()) + LEASE_MARGIN;
        let due = queries::take(self.app.store.pool(), limit, now, until).await?;
        let here = on_the_line(&self.app, &due).await;
        for due in due {
            let spared = !due.wanted || here.contains(&due.user);
            let (app, provider) = (self.app.clone(), self.provider.clone());
            let call = self.app.tasks.spawn(async move {
                if let Err(error) = attempt(&app, &provider, &due, spared).await {
                    tracing::warn!(push = %due.id, error = format!("{error:#}"), "an attempt is lost; its lease will run out");
                }
            });
            self.under_way.push(call);
        }
        Ok(())
    }

    /// Until there may be something to do: a call has ended, or it is time to look.
    async fn rest(&mut self) {
        tokio::select! {
            () = self.app.tasks.soft().cancelled() => {}
            _ = timeout(POLL, self.under_way.next()), if !self.under_way.is_empty() => {}
            () = tokio::time::sleep(POLL), if self.under_way.is_empty() => {}
        }
    }
}

/// Who of them is on the line, on any node.
async fn on_the_line(app: &App, due: &[Due]) -> HashSet<UserId> {
    let users: HashSet<UserId> = due.iter().map(|due| due.user).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    if users.is_empty() {
        return HashSet::new();
    }
    let states = app.store.bus().online(&users).await.into_iter();
    states
        .filter_map(|(user, online)| online.then_some(user))
        .collect()
}

/// One delivery, from the first look to the record.
async fn attempt(app: &App, provider: &Provider, due: &Due, spared: bool) -> Result<()> {
    let (now, sql) = (app.clock.now(), app.store.pool());
    let over = due.raised_at + NEWS;
    if spared || now >= over {
        let outcome = if spared {
            Outcome::Spared
        } else {
            Outcome::Failed
        };
        return queries::settle(sql, due, outcome, now).await;
    }
    let answer = bring(app, provider, due, now).await?;
    let verdict = answer
        .as_ref()
        .map_or(Verdict::Failed, |answer| Verdict::of(answer.status));
    metrics::counter!("souk_push_attempts", "verdict" => verdict.word()).increment(1);
    let now = app.clock.now();
    let outcome = match verdict {
        Verdict::Sent => Outcome::Sent,
        Verdict::Gone => return queries::forget_browser(sql, due).await,
        Verdict::Refused => Outcome::Failed,
        Verdict::Failed => match later(due, answer.ok(), now) {
            Some(at) if at < over => Outcome::Again(at),
            _ => Outcome::Failed,
        },
    };
    queries::settle(sql, due, outcome, now).await
}

/// One call. The address is judged anew, for the name may lead elsewhere by now.
async fn bring(
    app: &App,
    provider: &Provider,
    due: &Due,
    now: Timestamp,
) -> anyhow::Result<Result<Answer, EgressFault>> {
    let Provider::WebPush { egress, vapid } = provider else {
        return Ok(Ok(Answer {
            status: 201,
            retry_after: None,
        }));
    };
    let target = match Guard::of(&app.config).admit(&due.endpoint) {
        Ok(target) => target,
        Err(fault) => return Ok(Err(fault.into())),
    };
    let sealed = due.keys.seal(&serde_json::to_vec(&due.alert)?)?;
    let token = vapid.authorization(target.url(), &app.config.push.contact, now)?;
    let left = (due.raised_at + NEWS).duration_since(now);
    let headers = [
        ("authorization", &token[..]),
        ("content-type", "application/octet-stream"),
        ("content-encoding", "aes128gcm"),
        ("ttl", &left.as_secs().to_string()),
        ("urgency", urgency(due.alert.kind())),
    ];
    Ok(egress.post(&target, &headers, sealed.into()).await)
}

/// When a failed delivery is tried again; never, after the last step.
fn later(due: &Due, answer: Option<Answer>, now: Timestamp) -> Option<Timestamp> {
    let wish = answer.and_then(|answer| answer.retry_after);
    again::due(&STEPS, due.attempt, rand::random(), wish.as_deref(), now)
}
