//! Orders, as the shop works on them.

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    at::{OfOrder, OfShop},
    body::{Asked, Body, Named},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Actor, ManageOrders, ManageShop, Staff, VerifyOrders},
    app::App,
    id::{ConversationId, OrderId, ShopId, TemplateId, UserId},
    order::{
        Seen, accept,
        batch::{self, Outcome},
        cancel,
        change::{self, Change},
        claim, confirm,
        draft::{self, Agreement},
        evidence::{self, Evidence},
        graph::{self, Move},
        history::{self, Entry},
        list::{self, OrderPage, Wanted},
        mark,
        note::{self, Note},
        pay, prepare, readdress, receive,
        recipient::Recipient,
        rules::{self, Rules, RulesChange},
        ship::{self, Shipment},
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

/// Why.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// At most 200 characters.
    #[serde(default)]
    pub(super) reason: String,
}

/// What is said with it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// At most 200 characters.
    #[serde(default)]
    remark: String,
}

/// Who does the service.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// 1 to 60 characters.
    person: String,
    /// At most 200 characters.
    #[serde(default)]
    remark: String,
}

/// Words.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// 1 to 500 characters.
    text: String,
}

/// The code that fetches an order.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Six digits.
    code: String,
}

/// How the shop got its money.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The transfer's or receipt's number, 1 to 64 characters.
    reference: String,
}

/// What staff say to a wish.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    approved: bool,
    /// At most 200 characters.
    #[serde(default)]
    answer: String,
}

/// When to look again.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// Within a year; null: never.
    #[schema(value_type = Option<String>)]
    at: Option<Timestamp>,
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

/// A deed of staff with one order: its route, its right, its body, its verb.
macro_rules! deeds {
    ($($(#[doc = $doc:literal])* $method:ident $name:ident $path:literal $right:ident ($body:ident: $form:ty) => $verb:expr;)+) => {$(
        $(#[doc = $doc])*
        #[utoipa::path($method, path = $path, tag = "orders", security(("token" = [])),
            params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)), request_body = $form,
            responses((status = 200, body = Shown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
                (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
        pub async fn $name(
            State(app): State<App>,
            by: Staff<$right>,
            Named(at): Named<OfOrder>,
            Body($body): Body<$form>,
        ) -> Answer<Shown> {
            let verb = $verb;
            Ok(Json(verb(&app, &by, at.order_id).await?))
        }
    )+};
}

deeds! {
    #[doc = "Put another draft in the place of the one that was sent."]
    put redraft "/shops/{shop_id}/orders/{order_id}" ManageOrders (agreement: Agreement) =>
        async |app, by, order| draft::redraft(app, by, order, agreement).await;
    #[doc = "Take a draft back."]
    post withdraw "/shops/{shop_id}/orders/{order_id}/withdraw" ManageOrders (because: Because) =>
        async |app, by, order| confirm::withdraw(app, by, order, &because.reason).await;
    #[doc = "Cancel an order that is not accepted yet."]
    post cancel "/shops/{shop_id}/orders/{order_id}/cancel" ManageOrders (because: Because) =>
        async |app, by, order| cancel::by_staff(app, by, order, &because.reason).await;
    #[doc = "Accept an order as one has seen it."]
    post accept "/shops/{shop_id}/orders/{order_id}/accept" ManageOrders (seen: Seen) =>
        async |app, by, order| accept::accept(app, by, order, &seen).await;
    #[doc = "Begin to prepare it."]
    post prepare "/shops/{shop_id}/orders/{order_id}/prepare" ManageOrders (said: Remark) =>
        async |app, by, order| prepare::prepare(app, by, order, &said.remark).await;
    #[doc = "Lay it ready to be collected."]
    post get_ready "/shops/{shop_id}/orders/{order_id}/get-ready" ManageOrders (said: Remark) =>
        async |app, by, order| prepare::get_ready(app, by, order, &said.remark).await;
    #[doc = "Begin the service."]
    post start "/shops/{shop_id}/orders/{order_id}/start" ManageOrders (start: Start) =>
        async |app, by, order| prepare::start(app, by, order, &start.person, &start.remark).await;
    #[doc = "Say how far it is, in words and pictures, in the conversation and in the history."]
    post note "/shops/{shop_id}/orders/{order_id}/notes" ManageOrders (said: Note) =>
        async |app, by, order| note::note(app, by, order, &said).await;
    #[doc = "Send a package."]
    post ship "/shops/{shop_id}/orders/{order_id}/ship" ManageOrders (shipment: Shipment) =>
        async |app, by, order| ship::ship(app, by, order, &shipment).await;
    #[doc = "Finish a service."]
    post finish "/shops/{shop_id}/orders/{order_id}/finish" ManageOrders (_nothing: Empty) =>
        async |app, by, order| receive::finish(app, by, order).await;
    #[doc = "Hand it over to whoever says the code."]
    post hand_over "/shops/{shop_id}/orders/{order_id}/hand-over" VerifyOrders (said: Code) =>
        async |app, by, order| receive::hand_over(app, by, order, &said.code).await;
    #[doc = "Confirm that the shop has its money."]
    post confirm_payment "/shops/{shop_id}/orders/{order_id}/confirm-payment" ManageOrders (paid: Reference) =>
        async |app, by, order| pay::confirm_offline(app, by, order, &paid.reference).await;
    #[doc = "Give back what was paid and nobody owed."]
    post give_back_extra "/shops/{shop_id}/orders/{order_id}/give-back-extra" ManageOrders (because: Because) =>
        async |app, by, order| pay::give_back_extra(app, by, order, &because.reason).await;
    #[doc = "Take it out of the shared queue."]
    put claim "/shops/{shop_id}/orders/{order_id}/claim" ManageOrders (_nothing: Empty) =>
        async |app, by, order| claim::claim(app, by, order).await;
    #[doc = "Flag that something is wrong with it."]
    post flag "/shops/{shop_id}/orders/{order_id}/flag" ManageOrders (what: Text) =>
        async |app, by, order| mark::flag(app, by, order, &what.text).await;
    #[doc = "Write down how what was wrong ended."]
    post resolve "/shops/{shop_id}/orders/{order_id}/resolve" ManageOrders (outcome: Text) =>
        async |app, by, order| mark::resolve(app, by, order, &outcome.text).await;
    #[doc = "Be reminded of it."]
    put follow_up "/shops/{shop_id}/orders/{order_id}/follow-up" ManageOrders (follow: FollowUp) =>
        async |app, by, order| mark::follow_up(app, by, order, follow.at).await;
    #[doc = "Change who gets it."]
    put readdress "/shops/{shop_id}/orders/{order_id}/recipient" ManageOrders (recipient: Recipient) =>
        async |app, by, order| readdress::by_staff(app, by, order, recipient).await;
    #[doc = "Answer the customer's wish for a change."]
    post answer_change "/shops/{shop_id}/orders/{order_id}/answer-change" ManageOrders (said: Decision) =>
        async |app, by, order| change::answer(app, by, order, said.approved, &said.answer).await;
}

/// Give an order back to the shared queue.
#[utoipa::path(delete, path = "/shops/{shop_id}/orders/{order_id}/claim", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)),
    responses((status = 200, body = Shown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn let_go(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
) -> Answer<Shown> {
    Ok(Json(claim::let_go(&app, &by, at.order_id).await?))
}

/// Nothing to say.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// How the shop deals with orders.
#[utoipa::path(get, path = "/shops/{shop_id}/order-rules", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Rules)))]
pub async fn rules(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Rules> {
    Ok(Json(rules::show(&app, &actor, at.shop_id).await?))
}

/// Change how the shop deals with orders.
#[utoipa::path(patch, path = "/shops/{shop_id}/order-rules", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = RulesChange,
    responses((status = 200, body = Rules), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change_rules(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(change): Body<RulesChange>,
) -> Answer<Rules> {
    Ok(Json(rules::change(&app, &by, change).await?))
}
