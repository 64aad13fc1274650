//! Segments of a shop's customers over REST.

use axum::{Json, extract::State};
use proto::Done;

use super::{
    at::OfSegment,
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    crm::segment::{self, Members, NewSegment, Segment, Segments},
    id::{SegmentId, ShopId},
};

/// Save a condition under a name.
#[utoipa::path(post, path = "/shops/{shop_id}/segments", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewSegment,
    responses((status = 201, body = Segment), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn save(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<NewSegment>,
) -> Created<Segment> {
    Ok(created(segment::save(&app, &by, new).await?))
}

/// The shop's segments.
#[utoipa::path(get, path = "/shops/{shop_id}/segments", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Segments), (status = 403, body = ProblemBody)))]
pub async fn list(State(app): State<App>, by: Staff<ManageCampaigns>) -> Answer<Segments> {
    Ok(Json(segment::list(&app, &by).await?))
}

/// Who is in a segment now.
#[utoipa::path(get, path = "/shops/{shop_id}/segments/{segment_id}/members", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("segment_id" = SegmentId, Path), PageOf),
    responses((status = 200, body = Members), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn members(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfSegment>,
    Asked(of): Asked<PageOf>,
) -> Answer<Members> {
    let members = segment::members(&app, &by, at.segment_id, &of.cursor, of.limit).await?;
    Ok(Json(members))
}

/// Remove a segment.
#[utoipa::path(delete, path = "/shops/{shop_id}/segments/{segment_id}", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("segment_id" = SegmentId, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn remove(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfSegment>,
) -> Answer<Done> {
    segment::remove(&app, &by, at.segment_id).await?;
    Ok(Json(Done {}))
}
