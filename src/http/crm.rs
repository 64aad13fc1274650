//! A shop's customers over REST: contacts, bans, who answers for whom.

use axum::{Json, extract::State};
use proto::Done;
use serde::{Deserialize, Serialize};

use super::{
    at::{OfConversation, OfUser},
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Chat, Moderate, Staff},
    app::App,
    conversation,
    crm::{self, Contact},
    enquiry::{
        self,
        list::{self, EnquiryPage},
    },
    id::{ConversationId, ProductId, ShopId, UserId},
};

/// Why a customer may not speak.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    /// 1 to 500 characters; the customer is not told.
    reason: String,
}

/// Who is to answer for a conversation.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Somebody who may chat; null: nobody in particular.
    assignee_id: Option<UserId>,
}

/// A product to be shown to somebody.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProductCard {
    /// Where: a customer's conversation with the shop, or a group of the shop.
    conversation_id: ConversationId,
    /// What; it is in the catalogue.
    product_id: ProductId,
}

/// A product that was shown.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProductShown {
    /// The message there that shows it.
    number: u64,
}

/// A customer who has a conversation with the shop; their phone number is masked for those who may not see customers.
#[utoipa::path(get, path = "/shops/{shop_id}/customers/{user_id}", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, body = Contact), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn contact(
    State(app): State<App>,
    by: Staff<Chat>,
    Named(at): Named<OfUser>,
) -> Answer<Contact> {
    Ok(Json(crm::contact(&app, &by, at.user_id).await?))
}

/// What a customer has asked about, the latest first.
#[utoipa::path(get, path = "/shops/{shop_id}/customers/{user_id}/enquiries", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path), PageOf),
    responses((status = 200, body = EnquiryPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn enquiries(
    State(app): State<App>,
    by: Staff<Chat>,
    Named(at): Named<OfUser>,
    Asked(page): Asked<PageOf>,
) -> Answer<EnquiryPage> {
    let page = list::of_customer(&app, &by, at.user_id, &page.cursor, page.limit).await?;
    Ok(Json(page))
}

/// Show a product in a conversation of the shop.
#[utoipa::path(post, path = "/shops/{shop_id}/product-cards", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewProductCard,
    responses((status = 201, body = ProductShown), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn show_product(
    State(app): State<App>,
    by: Staff<Chat>,
    Body(new): Body<NewProductCard>,
) -> Created<ProductShown> {
    let number = enquiry::show::show(&app, &by, new.conversation_id, new.product_id).await?;
    Ok(created(ProductShown { number }))
}

/// Ban a customer from speaking in the shop's conversations.
#[utoipa::path(put, path = "/shops/{shop_id}/bans/{user_id}", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)), request_body = Ban,
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn ban(
    State(app): State<App>,
    by: Staff<Moderate>,
    Named(at): Named<OfUser>,
    Body(body): Body<Ban>,
) -> Answer<Done> {
    crm::ban::ban(&app, &by, at.user_id, &body.reason).await?;
    Ok(Json(Done {}))
}

/// Let a customer speak again.
#[utoipa::path(delete, path = "/shops/{shop_id}/bans/{user_id}", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn lift_ban(
    State(app): State<App>,
    by: Staff<Moderate>,
    Named(at): Named<OfUser>,
) -> Answer<Done> {
    crm::ban::lift(&app, &by, at.user_id).await?;
    Ok(Json(Done {}))
}

/// Say who answers for a customer's conversation.
#[utoipa::path(patch, path = "/shops/{shop_id}/conversations/{conversation_id}/assignee", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("conversation_id" = ConversationId, Path)), request_body = Assignment,
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn assign(
    State(app): State<App>,
    by: Staff<Chat>,
    Named(at): Named<OfConversation>,
    Body(body): Body<Assignment>,
) -> Answer<Done> {
    conversation::assign::assign(&app, &by, at.conversation_id, body.assignee_id).await?;
    Ok(Json(Done {}))
}
