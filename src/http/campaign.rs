//! Campaigns over REST.

use axum::{Json, extract::State};

use super::{
    at::OfCampaign,
    body::{Asked, Body, Named, PageOf},
    order_deed::Empty,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    campaign::{
        Campaign,
        dry_run::{self, DryRun},
        launch::{self, NewCampaign},
        rules::{self, Rules},
        show::{self, CampaignPage, Report},
        stop,
    },
    id::{CampaignId, ShopId},
};

/// Launch a campaign.
#[utoipa::path(post, path = "/shops/{shop_id}/campaigns", tag = "campaigns", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewCampaign,
    responses((status = 201, body = Campaign), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn launch(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<NewCampaign>,
) -> Created<Campaign> {
    Ok(created(launch::launch(&app, &by, new).await?))
}

/// Look at what a campaign would do; nothing is said to anybody.
#[utoipa::path(post, path = "/shops/{shop_id}/campaigns/dry-run", tag = "campaigns", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewCampaign,
    responses((status = 200, body = DryRun), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn dry_run(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<NewCampaign>,
) -> Answer<DryRun> {
    Ok(Json(dry_run::dry_run(&app, &by, new).await?))
}

/// The shop's campaigns, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/campaigns", tag = "campaigns", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = CampaignPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Asked(of): Asked<PageOf>,
) -> Answer<CampaignPage> {
    Ok(Json(show::page(&app, &by, &of.cursor, of.limit).await?))
}

/// How far a campaign is, and what has come of it.
#[utoipa::path(get, path = "/shops/{shop_id}/campaigns/{campaign_id}", tag = "campaigns", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("campaign_id" = CampaignId, Path)),
    responses((status = 200, body = Report), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn report(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfCampaign>,
) -> Answer<Report> {
    Ok(Json(show::report(&app, &by, at.campaign_id).await?))
}

/// Stop a campaign.
#[utoipa::path(post, path = "/shops/{shop_id}/campaigns/{campaign_id}/stop", tag = "campaigns", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("campaign_id" = CampaignId, Path)), request_body = Empty,
    responses((status = 200, body = Campaign), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn stop(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfCampaign>,
    Body(Empty {}): Body<Empty>,
) -> Answer<Campaign> {
    Ok(Json(stop::stop(&app, &by, at.campaign_id).await?))
}

/// Quiet hours, how often, and whom to call back.
#[utoipa::path(get, path = "/shops/{shop_id}/campaign-rules", tag = "campaigns", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Rules), (status = 403, body = ProblemBody)))]
pub async fn rules(State(app): State<App>, by: Staff<ManageCampaigns>) -> Answer<Rules> {
    Ok(Json(rules::show(&app, &by).await?))
}

/// Set that.
#[utoipa::path(put, path = "/shops/{shop_id}/campaign-rules", tag = "campaigns", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Rules,
    responses((status = 200, body = Rules), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_rules(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(body): Body<Rules>,
) -> Answer<Rules> {
    Ok(Json(rules::set(&app, &by, body).await?))
}
