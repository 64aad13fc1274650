//! Orders, as customers make and follow them.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    at::{OfMyOrder, OfShop},
    body::{Asked, Body, Named},
    order::History,
    order_deed::{Because, Empty},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Actor, Customer},
    app::App,
    coupon::evaluate::Verdict,
    id::{OrderId, ShopId},
    order::{
        cancel,
        change::{self, Change, Wish},
        confirm::{self, Confirmation},
        edit::{self, Edit},
        evidence::{self, Evidence},
        history,
        list::{self, OrderPage},
        pay::{self, Payment},
        pick,
        place::{self, Checkout, Considered, Costs},
        readdress, receive,
        recipient::Recipient,
        show::{self, Shown},
    },
    pay::Method,
};

/// Which page.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct PageOf {
    /// `next_cursor` of the page before; empty: the first page.
    pub(super) cursor: String,
    /// 1 to 100; 0: 30.
    pub(super) limit: u32,
}

/// Order what is in a basket.
#[utoipa::path(post, path = "/shops/{shop_id}/checkout", tag = "my orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Checkout,
    responses((status = 201, body = Shown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn place(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfShop>,
    Body(checkout): Body<Checkout>,
) -> Created<Shown> {
    Ok(created(
        place::place(&app, &customer, at.shop_id, checkout).await?,
    ))
}

/// What a basket costs with its freight.
#[utoipa::path(post, path = "/shops/{shop_id}/checkout/quote", tag = "my orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Considered,
    responses((status = 200, body = Costs), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn quote(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
    Body(of): Body<Considered>,
) -> Answer<Costs> {
    Ok(Json(place::quote(&app, &actor, at.shop_id, &of).await?))
}

/// One's own orders, the newest first.
#[utoipa::path(get, path = "/orders", tag = "my orders", security(("token" = [])), params(PageOf),
    responses((status = 200, body = OrderPage), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    customer: Customer,
    Asked(of): Asked<PageOf>,
) -> Answer<OrderPage> {
    Ok(Json(
        list::of_customer(&app, &customer, &of.cursor, of.limit).await?,
    ))
}

/// One of one's own orders.
#[utoipa::path(get, path = "/orders/{order_id}", tag = "my orders", security(("token" = [])), params(("order_id" = OrderId, Path)),
    responses((status = 200, body = Shown), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
) -> Answer<Shown> {
    Ok(Json(show::to_customer(&app, &customer, at.order_id).await?))
}

/// Everything that was ever done with it.
#[utoipa::path(get, path = "/orders/{order_id}/history", tag = "my orders", security(("token" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = History), (status = 404, body = ProblemBody)))]
pub async fn history(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
) -> Answer<History> {
    let entries = history::to_customer(&app, &customer, at.order_id).await?;
    Ok(Json(History { entries }))
}

/// Which of one's coupons could be taken for a chat order when it is confirmed, and why not the others.
#[utoipa::path(get, path = "/orders/{order_id}/coupons", tag = "my orders", security(("token" = [])),
    params(("order_id" = OrderId, Path)),
    responses((status = 200, body = Verdict), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn coupons(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
) -> Answer<Verdict> {
    Ok(Json(pick::offered(&app, &customer, at.order_id).await?))
}

/// The evidence for a dispute about it, in one signed file.
#[utoipa::path(get, path = "/orders/{order_id}/evidence", tag = "my orders", security(("token" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = Evidence), (status = 404, body = ProblemBody)))]
pub async fn evidence(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
) -> Answer<Evidence> {
    Ok(Json(
        evidence::to_customer(&app, &customer, at.order_id).await?,
    ))
}

/// By whom it is to be paid.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayBy {
    method: Method,
}

/// Pay an order: gives the code that the customer scans. Asking again gives the same charge.
#[utoipa::path(post, path = "/orders/{order_id}/payments", tag = "my orders", security(("token" = [])),
    params(("order_id" = OrderId, Path)), request_body = PayBy,
    responses((status = 200, body = Payment), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub async fn pay(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
    Body(by): Body<PayBy>,
) -> Answer<Payment> {
    Ok(Json(
        pay::begin(&app, &customer, at.order_id, by.method).await?,
    ))
}

/// Ask for a change of an order that the shop has accepted.
#[utoipa::path(post, path = "/orders/{order_id}/changes", tag = "my orders", security(("token" = [])),
    params(("order_id" = OrderId, Path)), request_body = Wish,
    responses((status = 201, body = Change), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn ask_change(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
    Body(wish): Body<Wish>,
) -> Created<Change> {
    Ok(created(
        change::ask(&app, &customer, at.order_id, wish).await?,
    ))
}

/// A deed of a customer with one of their orders.
macro_rules! deeds {
    ($($(#[doc = $doc:literal])* $method:ident $name:ident $path:literal ($body:ident: $form:ty) => $verb:expr;)+) => {$(
        $(#[doc = $doc])*
        #[utoipa::path($method, path = $path, tag = "my orders", security(("token" = [])),
            params(("order_id" = OrderId, Path)), request_body = $form,
            responses((status = 200, body = Shown), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
                (status = 422, body = ProblemBody)))]
        pub async fn $name(
            State(app): State<App>,
            customer: Customer,
            Named(at): Named<OfMyOrder>,
            Body($body): Body<$form>,
        ) -> Answer<Shown> {
            let verb = $verb;
            Ok(Json(verb(&app, &customer, at.order_id).await?))
        }
    )+};
}

deeds! {
    #[doc = "Confirm a chat order: this revision and no other."]
    post confirm "/orders/{order_id}/confirm" (agreed: Confirmation) =>
        async |app, customer, order| confirm::confirm(app, customer, order, agreed.clone()).await;
    #[doc = "Decline a chat order."]
    post decline "/orders/{order_id}/decline" (because: Because) =>
        async |app, customer, order| confirm::decline(app, customer, order, &because.reason).await;
    #[doc = "Cancel an order that is not accepted yet."]
    post cancel "/orders/{order_id}/cancel" (because: Because) =>
        async |app, customer, order| cancel::by_customer(app, customer, order, &because.reason).await;
    #[doc = "Change an order that is not accepted yet."]
    patch edit "/orders/{order_id}" (edit: Edit) =>
        async |app, customer, order| edit::edit(app, customer, order, &edit).await;
    #[doc = "Change who gets an order that is not accepted yet."]
    put readdress "/orders/{order_id}/recipient" (recipient: Recipient) =>
        async |app, customer, order| readdress::by_customer(app, customer, order, recipient).await;
    #[doc = "Pay with play money; only in the development profile."]
    post pay_in_sandbox "/orders/{order_id}/pay-in-sandbox" (_nothing: Empty) =>
        async |app, customer, order| pay::in_sandbox(app, customer, order).await;
    #[doc = "Confirm that it was received: the order is completed."]
    post receive "/orders/{order_id}/receive" (_nothing: Empty) =>
        async |app, customer, order| receive::receive(app, customer, order).await;
    #[doc = "Ask for three more days to receive it, once."]
    post extend "/orders/{order_id}/extend" (_nothing: Empty) =>
        async |app, customer, order| receive::extend(app, customer, order).await;
}
