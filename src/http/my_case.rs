//! Requests for money or goods back, as customers make them.

use axum::{Json, extract::State};

use super::{
    at::{OfCase, OfMyOrder},
    body::{Asked, Body, Named},
    my_order::PageOf,
    order_deed::Empty,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::Customer,
    aftersale::{
        apply::{self, Wish},
        decide, exchange,
        form::{self, Form},
        list::{self, CasePage},
        receive::{self, Parcel},
        show::{self, Shown},
    },
    app::App,
    id::{CaseId, OrderId},
};

/// Ask for money or other goods. What was not sent is refunded at once, for what was sent the shop decides.
#[utoipa::path(post, path = "/orders/{order_id}/cases", tag = "my after-sale", security(("token" = [])),
    params(("order_id" = OrderId, Path)), request_body = Wish,
    responses((status = 201, body = Shown), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn apply(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
    Body(wish): Body<Wish>,
) -> Created<Shown> {
    Ok(created(
        apply::apply(&app, &customer, at.order_id, wish).await?,
    ))
}

/// What can be asked for in an order now, and what the shop promises.
#[utoipa::path(get, path = "/orders/{order_id}/after-sale", tag = "my after-sale", security(("token" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = Form), (status = 404, body = ProblemBody)))]
pub async fn form(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
) -> Answer<Form> {
    Ok(Json(form::form(&app, &customer, at.order_id).await?))
}

/// One's own cases, the newest first.
#[utoipa::path(get, path = "/cases", tag = "my after-sale", security(("token" = [])), params(PageOf),
    responses((status = 200, body = CasePage), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    customer: Customer,
    Asked(of): Asked<PageOf>,
) -> Answer<CasePage> {
    let page = list::of_customer(&app, &customer, &of.cursor, of.limit).await?;
    Ok(Json(page))
}

/// One of one's own cases.
#[utoipa::path(get, path = "/cases/{case_id}", tag = "my after-sale", security(("token" = [])), params(("case_id" = CaseId, Path)),
    responses((status = 200, body = Shown), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfCase>,
) -> Answer<Shown> {
    Ok(Json(show::to_customer(&app, &customer, at.case_id).await?))
}

/// A deed of a customer with one of their cases.
macro_rules! deeds {
    ($($(#[doc = $doc:literal])* $name:ident $path:literal ($body:ident: $form:ty) => $verb:expr;)+) => {$(
        $(#[doc = $doc])*
        #[utoipa::path(post, path = $path, tag = "my after-sale", security(("token" = [])),
            params(("case_id" = CaseId, Path)), request_body = $form,
            responses((status = 200, body = Shown), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
                (status = 422, body = ProblemBody)))]
        pub async fn $name(
            State(app): State<App>,
            customer: Customer,
            Named(at): Named<OfCase>,
            Body($body): Body<$form>,
        ) -> Answer<Shown> {
            let verb = $verb;
            Ok(Json(verb(&app, &customer, at.case_id).await?))
        }
    )+};
}

deeds! {
    #[doc = "Say how the goods come back."]
    enter_return "/cases/{case_id}/enter-return" (parcel: Parcel) =>
        async |app, customer, case| receive::enter_return(app, customer, case, &parcel).await;
    #[doc = "Confirm that the other goods are there."]
    close "/cases/{case_id}/close" (_nothing: Empty) =>
        async |app, customer, case| exchange::close(app, customer, case).await;
    #[doc = "Take the request back."]
    withdraw "/cases/{case_id}/withdraw" (_nothing: Empty) =>
        async |app, customer, case| decide::withdraw(app, customer, case).await;
}
