//! What operators ask for: is it alive, may it be sent people, how is it doing.

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ipnet::IpNet;

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

/// `GET /readyz`: 200 while people may be sent here; 503 when stopping or without a database.
pub async fn ready(State(app): State<App>) -> Response {
    if app.tasks.soft().is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping").into_response();
    }
    // Not by a request's connection: a node that is busy is not one that has lost its database.
    let by_itself = app.store.by_itself();
    let asked = sqlx::query_scalar::<_, i32>("select 1").fetch_one(by_itself.pool());
    match tokio::time::timeout(std::time::Duration::from_secs(2), asked).await {
        Ok(Ok(_)) => "ready".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "no database").into_response(),
    }
}

/// `GET /metrics`: Prometheus text, for addresses in `server.operators`; to others it does not exist, nor to whoever comes
/// by a proxy that is not in `limits.trusted_proxies`: to us they all have the proxy's address.
pub async fn metrics(
    State(app): State<App>,
    Extension(from): Extension<ClientAddress>,
    passed_on: Option<Extension<PassedOn>>,
) -> Response {
    let listed = |network: &String| {
        network
            .parse::<IpNet>()
            .is_ok_and(|network| network.contains(&from.0))
    };
    if passed_on.is_some() || !app.config.server.operators.iter().any(listed) {
        return Problem(Refusal::NotFound.into()).into_response();
    }
    telemetry::metrics().run_upkeep();
    telemetry::metrics().render().into_response()
}
