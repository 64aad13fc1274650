//! Logs and metrics. No message, name, phone number or token is ever in either: spans carry ids and matched routes.

use std::{io::IsTerminal as _, sync::OnceLock};

use axum::extract::{MatchedPath, Request};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::Span;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Log, LogFormat};

/// Installs logs for the whole process; once.
pub fn install(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let installed = match log.format {
        LogFormat::Json => lines.json().try_init(),
        LogFormat::Pretty => lines.with_target(false).try_init(),
    };
    if let Err(error) = installed {
        tracing::debug!(%error, "logs were installed before");
    }
}

/// The process's metrics; installs them when first asked for.
pub fn metrics() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder has the metrics");
        }
        handle
    })
}

/// The span of one HTTP request: the route as written in the table, never the path, which may hold a secret.
pub fn request_span(request: &Request) -> Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str);
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), route, id)
}
