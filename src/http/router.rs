//! The table of routes, and the OpenAPI document that is made from the same table.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    audit, bot, conversation, crm, file, group, health, message, reply::Problem, session, shop,
    staff, webhook,
};
use crate::{
    app::App,
    error::{Error, Refusal},
    live::{Live, upgrade::upgrade},
    telemetry::request_span,
};

/// Bytes of a request's body; uploads have a limit of their own.
const BODY_BYTES: usize = 256 * 1_024;

/// Everything that can be asked over HTTP.
pub fn router(live: Live) -> Router {
    let app = live.app.clone();
    let (api, document) = api().split_for_parts();
    Router::new()
        .merge(api)
        .route("/api/openapi.json", get(async || Json(document)))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .with_state(app.clone())
        .layer(from_fn_with_state(app, to_the_end))
        .fallback(async || Problem(Refusal::NotFound.into()))
        .method_not_allowed_fallback(async || Problem(Refusal::MethodNotAllowed.into()))
        .merge(
            Router::new()
                .route("/socket", get(upgrade))
                .with_state(live),
        )
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request| request_span(request)))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
}

/// The table: one line a route, in the order a reader wants.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi()).nest(
        "/api/v1",
        OpenApiRouter::new()
            .routes(routes!(session::ticket))
            .routes(routes!(conversation::open, conversation::list))
            .routes(routes!(conversation::show))
            .routes(routes!(conversation::messages))
            .routes(routes!(conversation::readers))
            .routes(routes!(conversation::mark_read))
            .routes(routes!(conversation::resume))
            .routes(routes!(message::say))
            .routes(routes!(message::edit, message::recall))
            .routes(routes!(message::set_sign, message::remove_sign))
            .routes(routes!(message::pin, message::unpin))
            .routes(routes!(message::redraw))
            .routes(routes!(message::versions))
            .routes(routes!(message::search))
            .routes(routes!(file::show))
            .merge(groups())
            .routes(routes!(webhook::add, webhook::list))
            .routes(routes!(webhook::one, webhook::change, webhook::remove))
            .routes(routes!(webhook::rotate))
            .routes(routes!(webhook::test))
            .routes(routes!(webhook::deliveries))
            .routes(routes!(webhook::attempts))
            .routes(routes!(webhook::replay))
            .routes(routes!(shop::open))
            .routes(routes!(shop::show, shop::change))
            .routes(routes!(staff::list, staff::add))
            .routes(routes!(staff::change))
            .routes(routes!(staff::roles, staff::compose))
            .routes(routes!(staff::change_role))
            .routes(routes!(staff::alerts, staff::choose_alerts))
            .routes(routes!(crm::contact))
            .routes(routes!(crm::ban, crm::lift_ban))
            .routes(routes!(crm::assign))
            .routes(routes!(bot::list, bot::create))
            .routes(routes!(bot::change, bot::retire))
            .routes(routes!(bot::renew_token))
            .routes(routes!(bot::hooks, bot::add_hook))
            .routes(routes!(bot::revoke_hook))
            .routes(routes!(bot::speak))
            .routes(routes!(audit::list))
            .merge(uploads()),
    )
}

/// Groups: whom they hold, who runs them, how people come in.
fn groups() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(group::create, group::of_shop))
        .routes(routes!(group::show, group::change, group::dissolve))
        .routes(routes!(group::members, group::add))
        .routes(routes!(group::remove))
        .routes(routes!(group::leave))
        .routes(routes!(group::mute, group::unmute))
        .routes(routes!(group::name_manager, group::dismiss_manager))
        .routes(routes!(group::hand_over))
        .routes(routes!(group::invite, group::invites))
        .routes(routes!(group::revoke_invite))
        .routes(routes!(group::my_invites))
        .routes(routes!(group::join))
        .routes(routes!(group::requests))
        .routes(routes!(group::approve))
        .routes(routes!(group::decline))
}

/// Uploads are measured as they come, by `limits.file_bytes`.
fn uploads() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(file::add))
        .layer(DefaultBodyLimit::disable())
}

/// The document without a database or a socket; `./dev check` compares it with `docs/openapi.json`.
pub fn document() -> utoipa::openapi::OpenApi {
    api().split_for_parts().1
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Souk", description = "Everything that is not a live event. Refusals are RFC 9457 problems."),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme =
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", scheme);
    }
}

/// Runs every request to its end, whether or not its caller waits: a handler dropped in the middle of its database work
/// may lose other people's writes (reliability: trap T1).
async fn to_the_end(State(app): State<App>, request: Request, next: Next) -> Response {
    let handled = app.tasks.spawn(next.run(request)).await;
    handled.unwrap_or_else(|panic| Problem(Error::Broken(panic.into())).into_response())
}
