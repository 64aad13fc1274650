//! Parcels on their way, over REST.

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, FromRequest as _, Request, State, rejection::JsonRejection},
};
use serde::Serialize;

use super::{
    at::{OfMyOrder, OfOrder, OfParcel, OfShop},
    body::{Asked, Body, Named},
    my_order::PageOf,
    reply::{Answer, ProblemBody},
    turn::believed,
};
use crate::{
    actor::{Actor, Customer, ManageOrders, ManageShop, Staff},
    app::App,
    door::client::ClientAddress,
    error::Error,
    id::{OrderId, ShopId},
    parcel::{
        hear,
        late::{self, LateParcels},
        rules::{self, ParcelRules},
        show::{self, TrackedPackage},
    },
};

/// The packages of an order.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Packages {
    /// In the order in which they left.
    packages: Vec<TrackedPackage>,
}

/// What the tracker hears when its news are kept: its own words.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Heard {
    result: bool,
    #[serde(rename = "returnCode")]
    return_code: &'static str,
    message: &'static str,
}

/// The tracker tells where a parcel is. Without the parcel's own address and signature nothing is believed.
#[utoipa::path(post, path = "/tracking/{token}", tag = "parcels", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Heard), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn hear(
    State(app): State<App>,
    Named(at): Named<OfParcel>,
    Extension(from): Extension<ClientAddress>,
    request: Request,
) -> Answer<Heard> {
    let posted = Bytes::from_request(request, &app).await;
    let posted = posted.map_err(|no| Error::from(JsonRejection::BytesRejection(no)))?;
    let heard = hear::believe(&app, &at.token, &posted).await?;
    believed(&app, from);
    hear::hear(&app, heard).await?;
    Ok(Json(Heard {
        result: true,
        return_code: "200",
        message: "成功",
    }))
}

/// The packages of one's own order, and where they are.
#[utoipa::path(get, path = "/orders/{order_id}/packages", tag = "my orders", security(("token" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = Packages), (status = 404, body = ProblemBody)))]
pub async fn mine(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfMyOrder>,
) -> Answer<Packages> {
    let packages = show::to_customer(&app, &customer, at.order_id).await?;
    Ok(Json(Packages { packages }))
}

/// The packages of an order of the shop, and where they are.
#[utoipa::path(get, path = "/shops/{shop_id}/orders/{order_id}/packages", tag = "parcels", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("order_id" = OrderId, Path)),
    responses((status = 200, body = Packages), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn of_order(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Named(at): Named<OfOrder>,
) -> Answer<Packages> {
    let packages = show::to_staff(&app, &by, at.order_id).await?;
    Ok(Json(Packages { packages }))
}

/// Parcels that should have arrived.
#[utoipa::path(get, path = "/shops/{shop_id}/late-parcels", tag = "parcels", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = LateParcels), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn late(
    State(app): State<App>,
    by: Staff<ManageOrders>,
    Asked(of): Asked<PageOf>,
) -> Answer<LateParcels> {
    Ok(Json(late::list(&app, &by, &of.cursor, of.limit).await?))
}

/// When the shop takes a parcel for late.
#[utoipa::path(get, path = "/shops/{shop_id}/parcel-rules", tag = "parcels", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = ParcelRules)))]
pub async fn rules(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<ParcelRules> {
    Ok(Json(rules::show(&app, &actor, at.shop_id).await?))
}

/// Set when the shop takes a parcel for late.
#[utoipa::path(put, path = "/shops/{shop_id}/parcel-rules", tag = "parcels", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = ParcelRules,
    responses((status = 200, body = ParcelRules), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_rules(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(rules): Body<ParcelRules>,
) -> Answer<ParcelRules> {
    Ok(Json(rules::set(&app, &by, rules).await?))
}
