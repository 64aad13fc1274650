//! A shop's record over REST.

use axum::{Json, extract::State};

use super::{
    body::{Asked, PageOf},
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::{SeeAudit, Staff},
    app::App,
    audit::list::{self, AuditPage},
    id::ShopId,
};

/// Who did what, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/audit", tag = "audit", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = AuditPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn list(
    State(app): State<App>,
    by: Staff<SeeAudit>,
    Asked(page): Asked<PageOf>,
) -> Answer<AuditPage> {
    Ok(Json(list::list(&app, &by, &page.cursor, page.limit).await?))
}
