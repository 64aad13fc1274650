//! The table of routes.

use axum::{Router, extract::Request, middleware::Next, response::Response, routing::get};

use super::reply::Problem;
use crate::{
    app::App,
    error::{Error, Refusal},
    live::{Live, upgrade::upgrade},
};

/// Everything that can be asked over HTTP.
pub fn router(live: Live) -> Router {
    let app = live.app.clone();
    Router::new()
        .route("/healthz", get(async || "ok"))
        .with_state(app.clone())
        .layer(axum::middleware::from_fn_with_state(app, to_the_end))
        .fallback(async || Problem(Refusal::NotFound.into()))
        .method_not_allowed_fallback(async || Problem(Refusal::MethodNotAllowed.into()))
        .merge(Router::new().route("/socket", get(upgrade)).with_state(live))
}

/// Runs every request to its end, whether or not its caller waits: a handler dropped in the middle of its database work
/// may lose other people's writes (reliability: trap T1).
async fn to_the_end(axum::extract::State(app): axum::extract::State<App>, request: Request, next: Next) -> Response {
    use axum::response::IntoResponse as _;
    let handled = app.tasks.spawn(next.run(request)).await;
    handled.unwrap_or_else(|panic| Problem(Error::Broken(panic.into())).into_response())
}
