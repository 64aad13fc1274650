//! Stock over REST.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    at::OfVariant,
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    id::{ShopId, VariantId},
    shortage::receive,
    stock::{
        self, Level,
        adjust::Change,
        journal::{self, MovementPage},
    },
};

/// What has become of the goods.
#[derive(Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// So many more.
    Received,
    /// So many fewer.
    WrittenOff,
    /// There are so many, promised ones included.
    Counted,
}

/// A movement to be written down.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMovement {
    kind: MovementKind,
    /// 1 to 1,000,000,000; `counted` may be 0.
    units: i64,
    /// At most 500 characters.
    #[serde(default)]
    note: String,
}

/// When staff are to be alerted.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockAlert {
    /// Fewer than so many can be sold, 1 and up; null: never.
    alert_below: Option<i64>,
}

/// How much there is of a variant, and what has moved, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/variants/{variant_id}/stock", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("variant_id" = VariantId, Path), PageOf),
    responses((status = 200, body = MovementPage), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfVariant>,
    Asked(page): Asked<PageOf>,
) -> Answer<MovementPage> {
    Ok(Json(
        journal::journal(&app, &by, at.variant_id, &page.cursor, page.limit).await?,
    ))
}

/// Goods arrived, spoiled, or were counted. Orders that wait for them are served first.
#[utoipa::path(post, path = "/shops/{shop_id}/variants/{variant_id}/stock", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("variant_id" = VariantId, Path)), request_body = NewMovement,
    responses((status = 201, body = Level), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn adjust(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfVariant>,
    Body(new): Body<NewMovement>,
) -> Created<Level> {
    let change = match new.kind {
        MovementKind::Received => Change::Received(new.units),
        MovementKind::WrittenOff => Change::WrittenOff(new.units),
        MovementKind::Counted => Change::Counted(new.units),
    };
    Ok(created(
        receive::receive(&app, &by, at.variant_id, change, &new.note).await?,
    ))
}

/// Alert staff when fewer than so many can be sold.
#[utoipa::path(put, path = "/shops/{shop_id}/variants/{variant_id}/stock/alert", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("variant_id" = VariantId, Path)), request_body = StockAlert,
    responses((status = 200, body = Level), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn watch(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfVariant>,
    Body(alert): Body<StockAlert>,
) -> Answer<Level> {
    Ok(Json(
        stock::watch::watch(&app, &by, at.variant_id, alert.alert_below).await?,
    ))
}
