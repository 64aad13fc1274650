//! Templates for chat orders, over REST.

use axum::{Json, extract::State};
use proto::Done;
use serde::Serialize;

use super::{
    at::OfTemplate,
    body::{Body, Named},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    id::{ShopId, TemplateId},
    order::template::{self, NewTemplate, Template},
};

/// What the shop's orders often have.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Templates {
    /// By name.
    templates: Vec<Template>,
}

/// Save a template for orders.
#[utoipa::path(post, path = "/shops/{shop_id}/order-templates", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewTemplate,
    responses((status = 201, body = Template), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn save(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Body(new): Body<NewTemplate>,
) -> Created<Template> {
    Ok(created(template::save(&app, &by, new).await?))
}

/// The shop's templates, by name. A form is filled from one with `GET …/orders/form?conversation_id=…&template_id=…`.
#[utoipa::path(get, path = "/shops/{shop_id}/order-templates", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Templates), (status = 403, body = ProblemBody)))]
pub async fn list(State(app): State<App>, by: Staff<ManageOrders>) -> Answer<Templates> {
    let templates = template::list(&app, &by).await?;
    Ok(Json(Templates { templates }))
}

/// Put another template in the place of one.
#[utoipa::path(put, path = "/shops/{shop_id}/order-templates/{template_id}", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = TemplateId, Path)), request_body = NewTemplate,
    responses((status = 200, body = Template), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn replace(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfTemplate>,
    Body(new): Body<NewTemplate>,
) -> Answer<Template> {
    let replaced = template::replace(&app, &by, at.template_id, new).await?;
    Ok(Json(replaced))
}

/// Remove a template; orders that were made from it stay.
#[utoipa::path(delete, path = "/shops/{shop_id}/order-templates/{template_id}", tag = "orders", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("template_id" = TemplateId, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn remove(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfTemplate>,
) -> Answer<Done> {
    template::remove(&app, &by, at.template_id).await?;
    Ok(Json(Done {}))
}
