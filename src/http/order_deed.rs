//! What staff do with one order.

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    at::OfOrder,
    body::{Body, Named},
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::{ManageOrders, Staff, VerifyOrders},
    app::App,
    id::{OrderId, ShopId},
    order::{
        Seen, accept, cancel, change, claim, confirm,
        draft::{self, Agreement},
        give_back, mark,
        note::{self, Note},
        pay, prepare, readdress, receive,
        recipient::Recipient,
        ship::{self, Shipment},
        show::Shown,
    },
};

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
#[schema(as = OrderFollowUp)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// Within a year; null: never.
    #[schema(value_type = Option<String>)]
    at: Option<Timestamp>,
}

/// Nothing to say.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

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
        async |app, by, order| give_back::extra(app, by, order, &because.reason).await;
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
