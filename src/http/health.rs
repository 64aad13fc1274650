//! What operators ask for: is it alive, may it be sent people, how is it doing.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::reply::Problem;
use crate::{
    app::App,
    door::client::{ClientAddress, PassedOn},
    error::Refusal,
    telemetry,
};

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "ok"
}

/// `GET /readyz`: 200 while people may be sent here; 503 when stopping or without a database. Whoever asks costs the database
/// one question a second at the most.
pub async fn ready(
    State(app): State<App>,
    Extension(last): Extension<Arc<LastAnswer>>,
) -> Response {
    if app.tasks.soft().is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping").into_response();
    }
    if last.or_ask(async || database_answers(&app).await).await {
        "ready".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "no database").into_response()
    }
}

/// Not by a request's connection: a node that is busy is not one that has lost its database.
async fn database_answers(app: &App) -> bool {
    let by_itself = app.store.by_itself();
    let asked = sqlx::query_scalar::<_, i32>("select 1").fetch_one(by_itself.pool());
    matches!(timeout(Duration::from_secs(2), asked).await, Ok(Ok(_)))
}

/// An answer that holds for a second. Who asks while somebody finds out waits for theirs.
#[derive(Debug, Default)]
pub struct LastAnswer(Mutex<Option<(Instant, bool)>>);

impl LastAnswer {
    async fn or_ask(&self, ask: impl AsyncFnOnce() -> bool) -> bool {
        let mut last = self.0.lock().await;
        match *last {
            Some((at, answer)) if at.elapsed() < Duration::from_secs(1) => answer,
            _ => {
                let answer = ask().await;
                *last = Some((Instant::now(), answer));
                answer
            }
        }
    }
}

/// `GET /metrics`: Prometheus text, for addresses in `server.operators`; to others it does not exist, nor to whoever comes
/// by a proxy that is not in `limits.trusted_proxies`: to us they all have the proxy's address.
pub async fn metrics(
    State(app): State<App>,
    Extension(from): Extension<ClientAddress>,
    passed_on: Option<Extension<PassedOn>>,
) -> Response {
    if passed_on.is_some() || !app.config.server.operators.contain(from.0) {
        return Problem(Refusal::NotFound.into()).into_response();
    }
    telemetry::metrics().run_upkeep();
    telemetry::metrics().render().into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use tokio::time::{advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_are_one_question_a_second() {
        let (last, asked) = (LastAnswer::default(), AtomicU32::new(0));
        let ask = async |answer: bool| {
            last.or_ask(async || {
                asked.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(10)).await;
                answer
            })
            .await
        };
        assert_eq!(join_all((0..50).map(|_| ask(true))).await, [true; 50]);
        assert!(ask(false).await, "the answer of this second");
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        advance(Duration::from_secs(1)).await;
        assert!(!ask(false).await);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
