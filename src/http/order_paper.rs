//! Orders on paper: delivery notes to be printed, tables for spreadsheet programs.

use std::sync::LazyLock;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    body::{Asked, Body},
    reply::{Problem, ProblemBody},
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    id::{OrderId, ShopId, UserId},
    order::{delivery_note, export, list::Wanted},
};

/// Nothing runs on the page and nothing is fetched: it has its one style.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(delivery_note::STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("a policy is made of letters and signs")
});

/// Several orders.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Several {
    /// 1 to 100.
    order_ids: Vec<OrderId>,
}

/// Which orders.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct Exported {
    /// A state (`accepted`) or a label (`待发货`); empty: all.
    status: String,
    /// Only this customer's.
    customer_id: Option<UserId>,
    /// `souk-next-cursor` of the table before; empty: the first one.
    cursor: String,
}

/// Delivery notes to be printed, a sheet for each order that the shop has taken; the others stand below with what is against them.
#[utoipa::path(post, path = "/shops/{shop_id}/orders/delivery-notes", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Several,
    responses((status = 200, body = String, content_type = "text/html"), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn delivery_notes(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Body(several): Body<Several>,
) -> Result<Response, Problem> {
    let notes = delivery_note::print(&app, &by, &several.order_ids).await?;
    let mut page = notes.html.into_response();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    set(&mut page, header::CONTENT_TYPE, html);
    set(&mut page, header::CONTENT_SECURITY_POLICY, POLICY.clone());
    Ok(unshared(page))
}

/// Orders as CSV, a row for each line of an order, up to 1,000 orders; the header `souk-next-cursor` says where the next table begins.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/export", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), Exported),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn export(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Asked(of): Asked<Exported>,
) -> Result<Response, Problem> {
    let wanted = Wanted {
        status: of.status,
        customer: of.customer_id,
        ..Wanted::default()
    };
    let table = export::export(&app, &by, &wanted, &of.cursor).await?;
    let mut response = table.csv.into_response();
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    set(&mut response, header::CONTENT_TYPE, csv);
    let name = HeaderValue::from_static("attachment; filename=\"orders.csv\"");
    set(&mut response, header::CONTENT_DISPOSITION, name);
    let next = HeaderValue::from_str(&table.next_cursor).map_err(anyhow::Error::from)?;
    set(
        &mut response,
        HeaderName::from_static("souk-next-cursor"),
        next,
    );
    Ok(unshared(response))
}

/// It holds people's addresses: nobody keeps it on the way, and nobody guesses that it is something else.
fn unshared(mut response: Response) -> Response {
    set(
        &mut response,
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
    set(
        &mut response,
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

fn set(response: &mut Response, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}
