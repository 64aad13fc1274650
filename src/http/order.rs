//! Orders, as the shop sees and drafts them; what staff do with one is in [`order_deed`](super::order_deed).

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

use super::{
    at::OfOrder,
    body::{Asked, Body, Named},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    id::{ConversationId, OrderId, ShopId, TemplateId, UserId},
    order::{
        batch::{self, Outcome},
        change::{self, Change},
        draft::{self, Agreement},
        evidence::{self, Evidence},
        graph::{self, Move},
        history::{self, Entry},
        list::{self, OrderPage, Wanted},
        show::{self, Contact, Shown},
        template,
    },
};

/// The states and deeds of orders, for programs.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Graph {
    moves: &'static [Move],
    /// States that an order does not leave.
    terminal: Vec<proto::OrderState>,
}

/// What can be done with an order, from where, by whom, and where it leads.
#[utoipa::path(get, path = "/order-graph", tag = "orders", responses((status = 200, body = Graph)))]
pub async fn graph() -> Json<Graph> {
    let states = (1..).map_while(|number| proto::OrderState::try_from(number).ok());
    Json(Graph {
        moves: graph::MOVES,
        terminal: states.filter(|state| graph::terminal(*state)).collect(),
    })
}

/// A chat order to be.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct NewDraft {
    /// The conversation with the customer.
    conversation_id: ConversationId,
    /// What was agreed there.
    agreement: Agreement,
}

/// Several orders, and what to do with each.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// 1 to 100.
    orders: Vec<batch::OrderSeen>,
    deed: batch::Deed,
}

/// How each went.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Outcomes {
    outcomes: Vec<Outcome>,
}

/// Everything that was done.
#[derive(Serialize, utoipa::ToSchema)]
pub struct History {
    /// The oldest first.
    pub(super) entries: Vec<Entry>,
}

/// Wishes of the customer.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Changes {
    /// The newest first.
    changes: Vec<Change>,
}

/// Which orders.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct OrdersOf {
    /// A state (`accepted`) or a label (`待发货`); empty: all.
    status: String,
    /// The recipient's whole phone number.
    phone: String,
    /// The order's number.
    number: String,
    /// Only one's own.
    mine: bool,
    /// Only those that nobody looks after.
    unclaimed: bool,
    /// Only those that something is wrong with.
    abnormal: bool,
    /// Only this customer's.
    customer_id: Option<UserId>,
    /// `next_cursor` of the page before; empty: the first page.
    cursor: String,
    /// 1 to 100; 0: 30.
    limit: u32,
}

/// Which conversation.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct InConversation {
    conversation_id: ConversationId,
    /// Also what this template has.
    template_id: Option<TemplateId>,
}

/// Draft an order inside a chat; the customer is sent a preview.
#[utoipa::path(post, path = "/shops/{shop_id}/orders", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewDraft,
    responses((status = 201, body = Shown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn draft(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Body(new): Body<NewDraft>,
) -> Created<Shown> {
    Ok(created(
        draft::draft(&app, &by, new.conversation_id, new.agreement).await?,
    ))
}

/// What the form for a chat order is filled with; from a template with its lines, and what they cost now.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/form", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), InConversation),
    responses((status = 200, body = serde_json::Value), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn form(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Asked(of): Asked<InConversation>,
) -> Answer<serde_json::Value> {
    Ok(Json(
        template::form(&app, &by, of.conversation_id, of.template_id).await?,
    ))
}

/// The shop's orders, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/orders", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), OrdersOf),
    responses((status = 200, body = OrderPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Asked(of): Asked<OrdersOf>,
) -> Answer<OrderPage> {
    let wanted = Wanted {
        status: of.status,
        phone: of.phone,
        number: of.number,
        mine: of.mine,
        unclaimed: of.unclaimed,
        abnormal: of.abnormal,
        customer: of.customer_id,
    };
    Ok(Json(
        list::of_shop(&app, &by, &wanted, &of.cursor, of.limit).await?,
    ))
}

/// The same deed with several orders: each is done or refused for itself.
#[utoipa::path(post, path = "/shops/{shop_id}/orders/batch", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Batch,
    responses((status = 200, body = Outcomes), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn batch(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Body(batch): Body<Batch>,
) -> Answer<Outcomes> {
    let outcomes = batch::batch(&app, &by, &batch.orders, batch.deed).await?;
    Ok(Json(Outcomes { outcomes }))
}

/// An order of the shop.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/{order_id}", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)),
    responses((status = 200, body = Shown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
) -> Answer<Shown> {
    Ok(Json(show::to_staff(&app, &by, at.order_id).await?))
}

/// Everything that was ever done with an order.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/{order_id}/history", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)),
    responses((status = 200, body = History), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn history(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
) -> Answer<History> {
    let entries = history::to_staff(&app, &by, at.order_id).await?;
    Ok(Json(History { entries }))
}

/// The evidence for a dispute about an order, in one signed file.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/{order_id}/evidence", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)),
    responses((status = 200, body = Evidence), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn evidence(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
) -> Answer<Evidence> {
    Ok(Json(evidence::to_staff(&app, &by, at.order_id).await?))
}

/// The public key that this server signs evidence with.
#[derive(Serialize, utoipa::ToSchema)]
pub struct EvidenceKey {
    /// Ed25519, in hexadecimal.
    public_key: String,
}

/// The key that this server signs evidence with.
#[utoipa::path(get, path = "/evidence-key", tag = "orders", responses((status = 200, body = EvidenceKey)))]
pub async fn evidence_key(State(app): State<App>) -> Json<EvidenceKey> {
    let public_key = hex::encode(app.vault.sign(b"").0);
    Json(EvidenceKey { public_key })
}

/// Where to talk with the customer about an order.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/{order_id}/contact", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)),
    responses((status = 200, body = Contact), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn contact(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
) -> Answer<Contact> {
    Ok(Json(show::contact(&app, &by, at.order_id).await?))
}

/// What the customer wants changed.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/{order_id}/changes", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)),
    responses((status = 200, body = Changes), (status = 403, body = ProblemBody)))]
pub async fn changes(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
) -> Answer<Changes> {
    let changes = change::list(&app, &by, at.order_id).await?;
    Ok(Json(Changes { changes }))
}
