//! Webhooks over REST: staff with the right `manage_bots` keep endpoints and look at what was sent.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{
    body::{Asked, Body, Named},
    reply::{Answer, Created, Problem, ProblemBody, created},
};
use crate::{
    actor::{ManageBots, Staff},
    app::App,
    id::{DeliveryId, EndpointId, ShopId},
    webhook::{
        Attempt, Delivery, DeliveryPage, Endpoint, EndpointWithSecret,
        endpoint::{self, EndpointChange, NewEndpoint},
        history::{self, Deliveries},
    },
};

/// The shop in the path; who may act in it is said by `Staff`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "read by `Staff`; here for the document")]
pub struct InShop {
    shop_id: ShopId,
}

/// An endpoint in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InEndpoint {
    endpoint_id: EndpointId,
}

/// A delivery in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InDelivery {
    endpoint_id: EndpointId,
    delivery_id: DeliveryId,
}

/// A shop's endpoints.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Endpoints {
    /// Oldest first, at most 20.
    endpoints: Vec<Endpoint>,
}

/// The calls of a delivery.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Attempts {
    /// In order.
    attempts: Vec<Attempt>,
}

/// Add an endpoint. Its secret is shown this once. At most 20 a shop.
#[utoipa::path(post, path = "/shops/{shop_id}/webhooks", tag = "webhooks", security(("token" = [])),
    params(InShop), request_body = NewEndpoint,
    responses((status = 201, body = EndpointWithSecret), (status = 422, body = ProblemBody)))]
pub async fn add(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Body(new): Body<NewEndpoint>,
) -> Created<EndpointWithSecret> {
    Ok(created(endpoint::add(&app, &staff, new).await?))
}

/// All endpoints of the shop, oldest first.
#[utoipa::path(get, path = "/shops/{shop_id}/webhooks", tag = "webhooks", security(("token" = [])),
    params(InShop), responses((status = 200, body = Endpoints)))]
pub async fn list(State(app): State<App>, staff: Staff<ManageBots>) -> Answer<Endpoints> {
    let endpoints = endpoint::list(&app, &staff).await?;
    Ok(Json(Endpoints { endpoints }))
}

/// One endpoint.
#[utoipa::path(get, path = "/shops/{shop_id}/webhooks/{endpoint_id}", tag = "webhooks", security(("token" = [])),
    params(InShop, InEndpoint), responses((status = 200, body = Endpoint), (status = 404, body = ProblemBody)))]
pub async fn one(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Named(path): Named<InEndpoint>,
) -> Answer<Endpoint> {
    Ok(Json(endpoint::one(&app, &staff, path.endpoint_id).await?))
}

/// Change an endpoint; switch it on or off.
#[utoipa::path(patch, path = "/shops/{shop_id}/webhooks/{endpoint_id}", tag = "webhooks", security(("token" = [])),
    params(InShop, InEndpoint), request_body = EndpointChange,
    responses((status = 200, body = Endpoint), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Named(path): Named<InEndpoint>,
    Body(change): Body<EndpointChange>,
) -> Answer<Endpoint> {
    Ok(Json(
        endpoint::change(&app, &staff, path.endpoint_id, change).await?,
    ))
}

/// Remove an endpoint with everything that waits for it.
#[utoipa::path(delete, path = "/shops/{shop_id}/webhooks/{endpoint_id}", tag = "webhooks", security(("token" = [])),
    params(InShop, InEndpoint), responses((status = 204), (status = 404, body = ProblemBody)))]
pub async fn remove(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Named(path): Named<InEndpoint>,
) -> Result<StatusCode, Problem> {
    endpoint::remove(&app, &staff, path.endpoint_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new secret. For 24 hours calls are signed with the former one too.
#[utoipa::path(post, path = "/shops/{shop_id}/webhooks/{endpoint_id}/rotate-secret", tag = "webhooks", security(("token" = [])),
    params(InShop, InEndpoint), responses((status = 201, body = EndpointWithSecret), (status = 404, body = ProblemBody)))]
pub async fn rotate(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Named(path): Named<InEndpoint>,
) -> Created<EndpointWithSecret> {
    Ok(created(
        endpoint::rotate(&app, &staff, path.endpoint_id).await?,
    ))
}

/// Send a `test` event to an endpoint.
#[utoipa::path(post, path = "/shops/{shop_id}/webhooks/{endpoint_id}/test", tag = "webhooks", security(("token" = [])),
    params(InShop, InEndpoint), responses((status = 201, body = Delivery), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn test(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Named(path): Named<InEndpoint>,
) -> Created<Delivery> {
    Ok(created(
        history::test(&app, &staff, path.endpoint_id).await?,
    ))
}

/// What was and will be sent to an endpoint, newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/webhooks/{endpoint_id}/deliveries", tag = "webhooks", security(("token" = [])),
    params(InShop, InEndpoint, Deliveries), responses((status = 200, body = DeliveryPage), (status = 404, body = ProblemBody)))]
pub async fn deliveries(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Named(path): Named<InEndpoint>,
    Asked(asked): Asked<Deliveries>,
) -> Answer<DeliveryPage> {
    Ok(Json(
        history::deliveries(&app, &staff, path.endpoint_id, &asked).await?,
    ))
}

/// Every call of a delivery, in order.
#[utoipa::path(get, path = "/shops/{shop_id}/webhooks/{endpoint_id}/deliveries/{delivery_id}/attempts", tag = "webhooks", security(("token" = [])),
    params(InShop, InDelivery), responses((status = 200, body = Attempts), (status = 404, body = ProblemBody)))]
pub async fn attempts(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Named(path): Named<InDelivery>,
) -> Answer<Attempts> {
    let attempts = history::attempts(&app, &staff, path.endpoint_id, path.delivery_id).await?;
    Ok(Json(Attempts { attempts }))
}

/// Send a delivery again, under the same `webhook-id`.
#[utoipa::path(post, path = "/shops/{shop_id}/webhooks/{endpoint_id}/deliveries/{delivery_id}/replay", tag = "webhooks", security(("token" = [])),
    params(InShop, InDelivery), responses((status = 200, body = Delivery), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn replay(
    State(app): State<App>,
    staff: Staff<ManageBots>,
    Named(path): Named<InDelivery>,
) -> Answer<Delivery> {
    Ok(Json(
        history::replay(&app, &staff, path.endpoint_id, path.delivery_id).await?,
    ))
}
