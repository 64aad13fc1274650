//! A shop's money, over REST.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    body::Body,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageShop, SeeFinance, Staff},
    app::App,
    id::ShopId,
    money::Money,
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
