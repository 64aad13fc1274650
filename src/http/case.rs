//! Requests for money or goods back, as the shop decides them.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};

use super::{
    at::{OfCase, OfOrder, OfProduct, OfShop},
    body::{Asked, Body, Named},
    order_deed::{Because, Empty},
    reply::{Answer, Created, Problem, ProblemBody, created},
};
use crate::{
    actor::{Actor, ManageOrders, ManageProducts, ManageShop, Staff},
    aftersale::{
        decide,
        exception::{self, Exception, ExceptionForm},
        exchange,
        graph::{self, CaseMove},
        list::{self, CasePage, Wanted},
        receive::{self, Damage, Parcel},
        rules::{self, AfterSaleRules, AfterSaleRulesChange, Published},
        show::{self, Shown},
        start::{self, Gift},
    },
    app::App,
    id::{CaseId, OrderId, ProductId, ShopId},
};

/// The states and deeds of cases, for programs.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CaseGraph {
    moves: &'static [CaseMove],
    /// States that a case does not leave.
    terminal: Vec<proto::CaseState>,
}

/// What can be done with a case, from where, by whom, and where it leads.
#[utoipa::path(get, path = "/case-graph", tag = "after-sale", responses((status = 200, body = CaseGraph)))]
pub async fn graph() -> Json<CaseGraph> {
    let states = (1..).map_while(|number| proto::CaseState::try_from(number).ok());
    Json(CaseGraph {
        moves: graph::MOVES,
        terminal: states.filter(|state| graph::terminal(*state)).collect(),
    })
}

/// Which cases.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct CasesOf {
    /// A state (`pending_review`); empty: all.
    state: String,
    /// Only of this order.
    order_id: Option<OrderId>,
    /// `next_cursor` of the page before; empty: the first page.
    cursor: String,
    /// 1 to 100; 0: 30.
    limit: u32,
}

/// The shop's cases, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/cases", tag = "after-sale", security(("token" = [])),
    params(("shop_id" = ShopId, Path), CasesOf),
    responses((status = 200, body = CasePage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Asked(of): Asked<CasesOf>,
) -> Answer<CasePage> {
    let wanted = Wanted {
        state: of.state,
        order: of.order_id,
    };
    let page = list::of_shop(&app, &by, &wanted, &of.cursor, of.limit).await?;
    Ok(Json(page))
}

/// Give money back for some units of an order.
#[utoipa::path(post, path = "/shops/{shop_id}/orders/{order_id}/cases", tag = "after-sale", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)), request_body = Gift,
    responses((status = 201, body = Shown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn start(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
    Body(gift): Body<Gift>,
) -> Created<Shown> {
    Ok(created(start::start(&app, &by, at.order_id, gift).await?))
}

/// A case of the shop.
#[utoipa::path(get, path = "/shops/{shop_id}/cases/{case_id}", tag = "after-sale", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("case_id" = CaseId, Path)),
    responses((status = 200, body = Shown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfCase>,
) -> Answer<Shown> {
    Ok(Json(show::to_staff(&app, &by, at.case_id).await?))
}

/// A deed of staff with one case: its route, its body, its verb.
macro_rules! deeds {
    ($($(#[doc = $doc:literal])* $name:ident $path:literal ($body:ident: $form:ty) => $verb:expr;)+) => {$(
        $(#[doc = $doc])*
        #[utoipa::path(post, path = $path, tag = "after-sale", security(("token" = [])),
            params(("shop_id" = ShopId, Path), ("case_id" = CaseId, Path)), request_body = $form,
            responses((status = 200, body = Shown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
                (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
        pub async fn $name(
            State(app): State<App>,
            by: Staff<ManageOrders>,
            Named(at): Named<OfCase>,
            Body($body): Body<$form>,
        ) -> Answer<Shown> {
            let verb = $verb;
            Ok(Json(verb(&app, &by, at.case_id).await?))
        }
    )+};
}

deeds! {
    #[doc = "Approve: the money goes back, or the goods are asked for."]
    approve "/shops/{shop_id}/cases/{case_id}/approve" (_nothing: Empty) =>
        async |app, by, case| decide::approve(app, by, case).await;
    #[doc = "Reject, and say why."]
    reject "/shops/{shop_id}/cases/{case_id}/reject" (because: Because) =>
        async |app, by, case| decide::reject(app, by, case, &because.reason).await;
    #[doc = "The goods are there: the money goes back."]
    refund "/shops/{shop_id}/cases/{case_id}/refund" (_nothing: Empty) =>
        async |app, by, case| receive::refund(app, by, case).await;
    #[doc = "The goods are there: others are sent."]
    ship_exchange "/shops/{shop_id}/cases/{case_id}/ship-exchange" (parcel: Parcel) =>
        async |app, by, case| exchange::ship(app, by, case, &parcel).await;
    #[doc = "The goods are there and damaged: nothing goes back."]
    refuse "/shops/{shop_id}/cases/{case_id}/refuse" (damage: Damage) =>
        async |app, by, case| receive::refuse(app, by, case, &damage).await;
}

/// What the shop promises when goods do not please.
#[utoipa::path(get, path = "/shops/{shop_id}/after-sale-rules", tag = "after-sale", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Published)))]
pub async fn rules(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Published> {
    Ok(Json(rules::show(&app, &actor, at.shop_id).await?))
}

/// Change what the shop promises, and what the system decides.
#[utoipa::path(patch, path = "/shops/{shop_id}/after-sale-rules", tag = "after-sale", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = AfterSaleRulesChange,
    responses((status = 200, body = AfterSaleRules), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change_rules(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(change): Body<AfterSaleRulesChange>,
) -> Answer<AfterSaleRules> {
    Ok(Json(rules::change(&app, &by, change).await?))
}

/// Make a product an exception: less can be asked for once it was sent.
#[utoipa::path(put, path = "/shops/{shop_id}/products/{product_id}/after-sale", tag = "after-sale", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("product_id" = ProductId, Path)), request_body = ExceptionForm,
    responses((status = 200, body = Exception), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn set_exception(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfProduct>,
    Body(form): Body<ExceptionForm>,
) -> Answer<Exception> {
    Ok(Json(exception::set(&app, &by, at.product_id, &form).await?))
}

/// The product is like others again.
#[utoipa::path(delete, path = "/shops/{shop_id}/products/{product_id}/after-sale", tag = "after-sale", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("product_id" = ProductId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn remove_exception(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfProduct>,
) -> Result<StatusCode, Problem> {
    exception::remove(&app, &by, at.product_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
