//! A shop's figures, over REST.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    body::Asked,
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::{SeeData, Staff},
    app::App,
    figures::{self, Figures},
    id::ShopId,
};

/// Which days.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct DaysOf {
    /// So many that end with today in the shop's time zone, 1 to 92; 0: 30.
    days: u32,
}

/// What was sold, given back, claimed and answered, day by day, in the shop's time zone.
#[utoipa::path(get, path = "/shops/{shop_id}/figures", tag = "shops", security(("token" = [])),
    params(("shop_id" = ShopId, Path), DaysOf),
    responses((status = 200, body = Figures), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn figures(
    State(app): State<App>,
    by: Staff<SeeData>,
    Asked(of): Asked<DaysOf>,
) -> Answer<Figures> {
    Ok(Json(figures::figures(&app, &by, of.days).await?))
}
