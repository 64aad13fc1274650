//! Goods of orders that are not there, over REST.

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    at::{OfMyOrder, OfOrder, OfShortage},
    body::{Asked, Body, Named},
    order_deed::Because,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    id::{OrderId, ShopId, ShortageId},
    shortage::{
        Shortage,
        choose::{self, Choice},
        list,
        mark::{self, MissingGoods},
        reasons::{self, ReasonCount},
    },
};

/// What is short of an order.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Shortages {
    /// The oldest first.
    shortages: Vec<Shortage>,
}

/// Why goods were not there.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Reasons {
    /// The most frequent first.
    reasons: Vec<ReasonCount>,
}

/// Which time.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Marked then or later.
    #[param(value_type = String)]
    from: Timestamp,
    /// Marked before; a year later at most.
    #[param(value_type = String)]
    to: Timestamp,
}

/// Mark units of a line as not there: the customer is told at once, and has the choice.
#[utoipa::path(post, path = "/shops/{shop_id}/orders/{order_id}/shortages", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)), request_body = MissingGoods,
    responses((status = 201, body = Shortage), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn mark(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
    Body(missing): Body<MissingGoods>,
) -> Created<Shortage> {
    Ok(created(mark::mark(&app, &by, at.order_id, missing).await?))
}

/// What is or was short of an order.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/{order_id}/shortages", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)),
    responses((status = 200, body = Shortages), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn of_order(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
) -> Answer<Shortages> {
    let shortages = list::to_staff(&app, &by, at.order_id).await?;
    Ok(Json(Shortages { shortages }))
}

/// Give the money for what is not there back, without waiting for the customer.
#[utoipa::path(post, path = "/shops/{shop_id}/shortages/{shortage_id}/refund", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("shortage_id" = ShortageId, Path)), request_body = Because,
    responses((status = 200, body = Shortage), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn refund(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfShortage>,
    Body(because): Body<Because>,
) -> Answer<Shortage> {
    let refunded = choose::refund(&app, &by, at.shortage_id, &because.reason).await?;
    Ok(Json(refunded))
}

/// Why goods were not there, counted over a time.
#[utoipa::path(get, path = "/shops/{shop_id}/shortage-reasons", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), Period),
    responses((status = 200, body = Reasons), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn reasons(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Asked(period): Asked<Period>,
) -> Answer<Reasons> {
    let reasons = reasons::count(&app, &by, (period.from, period.to)).await?;
    Ok(Json(Reasons { reasons }))
}

/// What is or was short of one of one's own orders.
#[utoipa::path(get, path = "/orders/{order_id}/shortages", tag = "my orders", security(("token" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = Shortages), (status = 404, body = ProblemBody)))]
pub async fn mine(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
) -> Answer<Shortages> {
    let shortages = list::to_customer(&app, &customer, at.order_id).await?;
    Ok(Json(Shortages { shortages }))
}

/// Choose what happens with goods that are not there: something similar, the money, or to wait.
#[utoipa::path(post, path = "/shortages/{shortage_id}/choose", tag = "my orders", security(("token" = [])),
    params(("shortage_id" = ShortageId, Path)), request_body = Choice,
    responses((status = 200, body = Shortage), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn choose(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfShortage>,
    Body(choice): Body<Choice>,
) -> Answer<Shortage> {
    let chosen = choose::by_customer(&app, &customer, at.shortage_id, &choice).await?;
    Ok(Json(chosen))
}
