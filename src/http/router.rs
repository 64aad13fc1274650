//! The table of routes, and the OpenAPI document that is made from the same table.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Extension, Request, State},
    http::{HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    account, alert, answer, audit, bot, campaign, case, claim, conversation, coupon, crm, customer,
    delivery, dev, embed, embed_key, figures, file, group, health, lottery, member, message,
    my_case, my_coupon, my_draw, my_order, my_red_packet,
    once::once,
    order, order_deed, order_paper, order_rules, order_template, pages, parcel, payment, product,
    promotion, push, red_packet,
    reply::Problem,
    reward, segment, session, shop, shop_front, shortage, staff, stock,
    turn::{strangers_turn, turn},
    webhook,
};
use crate::{
    app::App,
    error::{Error, Refusal},
    live::{Live, upgrade::upgrade},
    telemetry::request_span,
};

/// Bytes of a request's body; uploads have a limit of their own.
pub(super) const BODY_BYTES: usize = 256 * 1_024;

/// Everything that can be asked over HTTP.
pub fn router(live: Live) -> Router {
    let app = live.app.clone();
    let api = api().split_for_parts().0;
    let api = api
        .with_state(app.clone())
        .layer(from_fn_with_state(app.clone(), once))
        .layer(from_fn_with_state(app.clone(), turn));
    Router::new()
        .merge(api)
        .merge(pages::routes())
        .route(
            "/api/openapi.json",
            get(openapi).layer(from_fn_with_state(app.clone(), strangers_turn)),
        )
        .route(
            "/embed/{shop_id}",
            get(embed::page).layer(from_fn_with_state(app.clone(), strangers_turn)),
        )
        .route("/healthz", get(health::alive))
        .route(
            "/readyz",
            get(health::ready).layer(Extension(Arc::<health::LastAnswer>::default())),
        )
        .route("/metrics", get(health::metrics))
        .route("/dev/outbox", get(dev::page))
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
            .routes(routes!(account::send_code))
            .routes(routes!(account::register_merchant))
            .routes(routes!(account::register_customer))
            .routes(routes!(account::me, account::change_me))
            .routes(routes!(session::log_in, session::sessions))
            .routes(routes!(session::refresh))
            .routes(routes!(session::log_out))
            .routes(routes!(session::revoke))
            .routes(routes!(session::ticket))
            .routes(routes!(session::visit))
            .routes(routes!(embed_key::add, embed_key::list))
            .routes(routes!(embed_key::revoke))
            .routes(routes!(embed::list, embed::set))
            .routes(routes!(conversation::open, conversation::list))
            .routes(routes!(conversation::show))
            .routes(routes!(conversation::messages))
            .routes(routes!(conversation::readers))
            .routes(routes!(conversation::mark_read))
            .routes(routes!(conversation::resume))
            .routes(routes!(message::say))
            .routes(routes!(message::edit, message::recall))
            .routes(routes!(message::add_reaction, message::remove_reaction))
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
            .merge(shop_fronts())
            .merge(goods())
            .merge(orders())
            .merge(my_orders())
            .merge(after_sale())
            .merge(coupons())
            .merge(draws())
            .merge(red_packets())
            .merge(staff())
            .merge(alerts())
            .routes(routes!(crm::contact))
            .routes(routes!(crm::enquiries))
            .routes(routes!(crm::show_product))
            .routes(routes!(crm::ban, crm::lift_ban))
            .routes(routes!(crm::assign))
            .merge(customers())
            .merge(campaigns())
            .routes(routes!(bot::list, bot::create))
            .routes(routes!(bot::change, bot::retire))
            .routes(routes!(bot::renew_token))
            .routes(routes!(bot::hooks, bot::add_hook))
            .routes(routes!(bot::revoke_hook))
            .routes(routes!(bot::speak))
            .routes(routes!(audit::list))
            .merge(uploads())
            .routes(routes!(dev::outbox))
            .routes(routes!(dev::pushes)),
    )
}

/// People who buy, as the shop knows them.
fn customers() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(customer::page))
        .routes(routes!(customer::profile))
        .routes(routes!(customer::tag, customer::tags))
        .routes(routes!(customer::untag))
        .routes(routes!(customer::rules, customer::set_rules))
        .routes(routes!(customer::add_follow_up, customer::follow_ups))
        .routes(routes!(customer::follow_up_done))
        .routes(routes!(customer::wish))
        .routes(routes!(segment::save, segment::list))
        .routes(routes!(segment::members))
        .routes(routes!(segment::remove))
}

/// Campaigns, and what a shop's own bot says by itself.
fn campaigns() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(campaign::launch, campaign::page))
        .routes(routes!(campaign::dry_run))
        .routes(routes!(campaign::report))
        .routes(routes!(campaign::stop))
        .routes(routes!(campaign::rules, campaign::set_rules))
        .routes(routes!(
            answer::hours,
            answer::set_hours,
            answer::remove_hours
        ))
        .routes(routes!(answer::add, answer::list))
        .routes(routes!(answer::remove))
}

/// What a shop tells of itself, who follows it, and the links that lead there.
fn shop_fronts() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(shop_front::profile, shop_front::set_profile))
        .routes(routes!(
            shop_front::following,
            shop_front::follow,
            shop_front::unfollow
        ))
        .routes(routes!(shop_front::welcome, shop_front::set_welcome))
        .routes(routes!(shop_front::share))
        .routes(routes!(shop_front::open))
        .routes(routes!(shop_front::visits))
}

/// Goods: what a shop sells, what it costs, how much there is.
fn goods() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(product::create, product::catalogue))
        .routes(routes!(product::import))
        .routes(routes!(product::show, product::change))
        .routes(routes!(product::add_variant))
        .routes(routes!(product::change_variant))
        .routes(routes!(product::bundles, product::create_bundle))
        .routes(routes!(product::change_bundle))
        .routes(routes!(product::quote))
        .routes(routes!(stock::show, stock::adjust))
        .routes(routes!(stock::watch))
}

/// Orders, as the shop works on them; delivery; the shop's money.
fn orders() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(order::graph))
        .routes(routes!(order::draft, order::page))
        .routes(routes!(order::form))
        .routes(routes!(order::batch))
        .routes(routes!(order_paper::delivery_notes))
        .routes(routes!(order_paper::export))
        .routes(routes!(order_template::save, order_template::list))
        .routes(routes!(order_template::replace, order_template::remove))
        .routes(routes!(order::show, order_deed::redraft))
        .routes(routes!(order::history))
        .routes(routes!(order::evidence))
        .routes(routes!(order::evidence_key))
        .routes(routes!(order::contact))
        .routes(routes!(order_deed::withdraw))
        .routes(routes!(order_deed::cancel))
        .routes(routes!(order_deed::accept))
        .routes(routes!(order_deed::prepare))
        .routes(routes!(order_deed::get_ready))
        .routes(routes!(order_deed::start))
        .routes(routes!(order_deed::note))
        .routes(routes!(order_deed::ship))
        .routes(routes!(order_deed::finish))
        .routes(routes!(order_deed::hand_over))
        .routes(routes!(order_deed::confirm_payment))
        .routes(routes!(order_deed::give_back_extra))
        .routes(routes!(order_deed::claim, order_deed::let_go))
        .routes(routes!(order_deed::flag))
        .routes(routes!(order_deed::resolve))
        .routes(routes!(order_deed::follow_up))
        .routes(routes!(order_deed::readdress))
        .routes(routes!(order::changes))
        .routes(routes!(order_deed::answer_change))
        .routes(routes!(order_rules::rules, order_rules::change_rules))
        .routes(routes!(shortage::mark, shortage::of_order))
        .routes(routes!(shortage::refund))
        .routes(routes!(shortage::reasons))
        .routes(routes!(delivery::carriers, delivery::put_carrier))
        .routes(routes!(delivery::remove_carrier))
        .routes(routes!(delivery::freight, delivery::set_freight))
        .routes(routes!(parcel::of_order))
        .routes(routes!(parcel::late))
        .routes(routes!(parcel::rules, parcel::set_rules))
        .routes(routes!(parcel::hear))
        .routes(routes!(payment::balances))
        .routes(routes!(payment::withdraw))
        .routes(routes!(figures::figures))
        .routes(routes!(payment::notice))
}

/// Orders, as customers make and follow them.
fn my_orders() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(my_order::place))
        .routes(routes!(my_order::quote))
        .routes(routes!(my_order::page))
        .routes(routes!(my_order::show, my_order::edit))
        .routes(routes!(my_order::history))
        .routes(routes!(my_order::evidence))
        .routes(routes!(parcel::mine))
        .routes(routes!(my_order::coupons))
        .routes(routes!(my_order::confirm))
        .routes(routes!(my_order::decline))
        .routes(routes!(my_order::cancel))
        .routes(routes!(my_order::readdress))
        .routes(routes!(my_order::ask_change))
        .routes(routes!(my_order::pay))
        .routes(routes!(my_order::pay_in_sandbox))
        .routes(routes!(my_order::receive))
        .routes(routes!(my_order::extend))
        .routes(routes!(shortage::mine))
        .routes(routes!(shortage::choose))
}

/// Money and goods back.
fn after_sale() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(case::graph))
        .routes(routes!(case::page))
        .routes(routes!(case::start))
        .routes(routes!(case::show))
        .routes(routes!(case::approve))
        .routes(routes!(case::reject))
        .routes(routes!(case::refund))
        .routes(routes!(case::ship_exchange))
        .routes(routes!(case::refuse))
        .routes(routes!(case::rules, case::change_rules))
        .routes(routes!(case::set_exception, case::remove_exception))
        .routes(routes!(my_case::form))
        .routes(routes!(my_case::apply))
        .routes(routes!(my_case::page))
        .routes(routes!(my_case::show))
        .routes(routes!(my_case::enter_return))
        .routes(routes!(my_case::close))
        .routes(routes!(my_case::withdraw))
}

/// Lotteries, for the shop and for the people of its groups.
fn draws() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lottery::publish, lottery::page))
        .routes(routes!(lottery::cancel))
        .routes(routes!(lottery::deliver))
        .routes(routes!(lottery::forfeit))
        .routes(routes!(lottery::dossier))
        .routes(routes!(my_draw::show))
        .routes(routes!(my_draw::enter))
        .routes(routes!(my_draw::file))
}

/// Red packets, for the shop and for the people of its groups, and what it owes them.
fn red_packets() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(red_packet::send, red_packet::page))
        .routes(routes!(red_packet::dossier))
        .routes(routes!(red_packet::owed))
        .routes(routes!(red_packet::pay_out))
        .routes(routes!(my_red_packet::mine))
        .routes(routes!(my_red_packet::show))
        .routes(routes!(my_red_packet::take))
        .routes(routes!(my_red_packet::file))
        .routes(routes!(my_red_packet::balances))
}

/// What a shop takes off: for its members, by promotions, and coupons, as it issues them, as customers claim them and what they are given for.
fn coupons() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(member::mine))
        .routes(routes!(member::show, member::grant))
        .routes(routes!(promotion::create, promotion::page))
        .routes(routes!(promotion::show, promotion::change))
        .routes(routes!(promotion::stop))
        .routes(routes!(promotion::landing))
        .routes(routes!(coupon::create, coupon::page))
        .routes(routes!(coupon::show, coupon::change))
        .routes(routes!(coupon::publish))
        .routes(routes!(coupon::end))
        .routes(routes!(coupon::issue_code))
        .routes(routes!(coupon::give))
        .routes(routes!(my_coupon::offers))
        .routes(routes!(my_coupon::claim))
        .routes(routes!(my_coupon::claim_by_code))
        .routes(routes!(my_coupon::claim_gift))
        .routes(routes!(my_coupon::wallet))
        .routes(routes!(claim::browse))
        .routes(routes!(claim::progress))
        .routes(routes!(claim::ask_for_help))
        .routes(routes!(claim::help))
        .routes(routes!(claim::show_watch, claim::set_watch))
        .routes(routes!(claim::batches))
        .routes(routes!(claim::decide))
        .routes(routes!(reward::add, reward::list))
        .routes(routes!(reward::change, reward::end))
        .routes(routes!(reward::grants))
        .routes(routes!(reward::mine))
}

/// Staff: who they are, how they come, what they may.
fn staff() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(staff::list))
        .routes(routes!(staff::change))
        .routes(routes!(staff::invite, staff::invites))
        .routes(routes!(staff::withdraw))
        .routes(routes!(staff::my_invites))
        .routes(routes!(staff::join))
        .routes(routes!(staff::decline))
        .routes(routes!(staff::roles, staff::compose))
        .routes(routes!(staff::change_role))
}

/// Alerts: what asks for staff, how far it is read, who wants which, and in which browsers.
fn alerts() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(alert::list))
        .routes(routes!(alert::mark_read))
        .routes(routes!(alert::chosen, alert::choose))
        .routes(routes!(push::key))
        .routes(routes!(push::subscribe, push::unsubscribe))
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

/// The routes whose POST creates something, answers 201 and wants an `Idempotency-Key`. Codes, log-ins and tickets do not:
/// a second one does no harm.
static CREATES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let paths = api().split_for_parts().1.paths.paths;
    let creates = |item: &PathItem| item.post.as_ref().is_some_and(answers_created);
    let routes = paths.into_iter().filter(|(_, item)| creates(item));
    routes.map(|(path, _)| path).collect()
});

fn answers_created(operation: &Operation) -> bool {
    operation.responses.responses.contains_key("201")
}

/// Does a POST to this route create something?
pub(super) fn creates(route: &str) -> bool {
    CREATES.contains(route)
}

/// The document as it is sent, written once.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    let json = document().to_json();
    json.expect("the document is made of words and numbers")
        .into()
});

async fn openapi() -> impl IntoResponse {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], DOCUMENT.clone())
}

/// The document without a database or a socket; `/api/openapi.json` serves it.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = api().split_for_parts().1;
    ask_for_keys(&mut document);
    name_operations(&mut document);
    document
}

/// Each operation has a name that no other one has: several nouns can `show`.
fn name_operations(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let path = path.trim_start_matches("/api/v1").replace('/', "_");
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                let name = format!("{method}{}", path.replace(['{', '}'], ""));
                operation.operation_id = Some(name);
            }
        }
    }
}

/// Says of the routes that create that they want a key.
fn ask_for_keys(document: &mut utoipa::openapi::OpenApi) {
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some("1 to 255 characters, best a UUID. The same request with the same key is executed once and answered alike for 24 hours."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    let posts = document.paths.paths.values_mut();
    for post in posts.filter_map(|item| item.post.as_mut()) {
        if answers_created(post) {
            let parameters = post.parameters.get_or_insert_default();
            parameters.push(key.clone().into());
        }
    }
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
/// may lose other people's writes.
async fn to_the_end(State(app): State<App>, request: Request, next: Next) -> Response {
    let handled = app.tasks.spawn_in_office(next.run(request)).await;
    handled.unwrap_or_else(|panic| Problem(Error::Broken(panic.into())).into_response())
}
