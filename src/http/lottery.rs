//! Lotteries, as the shop publishes and settles them.

use axum::{Json, extract::State};

use super::{
    at::{OfDraw, OfDrawPlace},
    body::{Asked, Body, Named, PageOf},
    order_deed::{Because, Empty},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    id::{DrawId, ShopId},
    lottery::{
        Draw, cancel,
        dossier::{self, Dossier},
        publish,
        rules::NewDraw,
        settle,
        show::{self, DrawPage},
    },
};

/// Publish a lottery in a group: from then on its rules stay as they are.
#[utoipa::path(post, path = "/shops/{shop_id}/draws", tag = "lotteries", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewDraw,
    responses((status = 201, body = Draw), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn publish(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<NewDraw>,
) -> Created<Draw> {
    Ok(created(publish::publish(&app, &by, new).await?))
}

/// The shop's lotteries, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/draws", tag = "lotteries", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = DrawPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Asked(of): Asked<PageOf>,
) -> Answer<DrawPage> {
    Ok(Json(show::page(&app, &by, &of.cursor, of.limit).await?))
}

/// Call one off, with a reason that its group reads.
#[utoipa::path(post, path = "/shops/{shop_id}/draws/{draw_id}/cancel", tag = "lotteries", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("draw_id" = DrawId, Path)), request_body = Because,
    responses((status = 200, body = Draw), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn cancel(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfDraw>,
    Body(because): Body<Because>,
) -> Answer<Draw> {
    Ok(Json(
        cancel::cancel(&app, &by, at.draw_id, &because.reason).await?,
    ))
}

/// A winner has the prize.
#[utoipa::path(post, path = "/shops/{shop_id}/draws/{draw_id}/places/{place}/deliver", tag = "lotteries", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("draw_id" = DrawId, Path), ("place" = i32, Path)), request_body = Empty,
    responses((status = 200, body = Draw), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn deliver(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfDrawPlace>,
    Body(Empty {}): Body<Empty>,
) -> Answer<Draw> {
    Ok(Json(
        settle::deliver(&app, &by, at.draw_id, at.place).await?,
    ))
}

/// A winner has not claimed the prize in time: the next substitute has it.
#[utoipa::path(post, path = "/shops/{shop_id}/draws/{draw_id}/places/{place}/forfeit", tag = "lotteries", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("draw_id" = DrawId, Path), ("place" = i32, Path)), request_body = Because,
    responses((status = 200, body = Draw), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn forfeit(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfDrawPlace>,
    Body(because): Body<Because>,
) -> Answer<Draw> {
    Ok(Json(
        settle::forfeit(&app, &by, at.draw_id, at.place, &because.reason).await?,
    ))
}

/// All that is kept of one, in one file.
#[utoipa::path(get, path = "/shops/{shop_id}/draws/{draw_id}/dossier", tag = "lotteries", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("draw_id" = DrawId, Path)),
    responses((status = 200, body = Dossier), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn dossier(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfDraw>,
) -> Answer<Dossier> {
    Ok(Json(dossier::dossier(&app, &by, at.draw_id).await?))
}
