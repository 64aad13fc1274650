//! A shop's money, over REST.

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::{
    at::OfMethod,
    body::{Body, Named},
    reply::{Answer, Created, Problem, ProblemBody, created},
    turn::believed,
};
use crate::{
    actor::{ManageShop, SeeFinance, Staff},
    app::App,
    door::client::ClientAddress,
    error::Refusal,
    id::ShopId,
    money::Money,
    order::hear,
    payment::{
        ledger::{self, Balances},
        withdraw,
    },
};

/// How much.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Minor units, above 0.
    amount: Money,
}

/// What the shop has, and what is on its way.
#[utoipa::path(get, path = "/shops/{shop_id}/balances", tag = "payment", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Balances), (status = 403, body = ProblemBody)))]
pub async fn balances(State(app): State<App>, by: Staff<SeeFinance>) -> Answer<Balances> {
    Ok(Json(ledger::balances(&app, &by).await?))
}

/// Pay the balance out.
#[utoipa::path(post, path = "/shops/{shop_id}/withdrawals", tag = "payment", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Amount,
    responses((status = 201, body = Balances), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn withdraw(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(wanted): Body<Amount>,
) -> Created<Balances> {
    Ok(created(withdraw::withdraw(&app, &by, wanted.amount).await?))
}

/// Where providers tell how payments and refunds went; what they sign is checked, nothing else is believed.
#[utoipa::path(post, path = "/payments/{method}/notices", tag = "payment",
    params(("method" = String, Path, description = "`wechat_pay` or `alipay`")),
    request_body(content = String, content_type = "*/*"),
    responses((status = 200, body = String), (status = 401, body = String), (status = 404, body = ProblemBody)))]
pub async fn notice(
    State(app): State<App>,
    Named(at): Named<OfMethod>,
    Extension(from): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let provider = app.providers.by(at.method).ok_or(Refusal::NotFound)?;
    let told = provider.notice(&headers, &body);
    if told.is_ok() {
        believed(&app, from);
    }
    let said = hear::notice(&app, provider, told).await;
    let content_type = [(header::CONTENT_TYPE, said.content_type)];
    Ok((said.status, content_type, said.body).into_response())
}
