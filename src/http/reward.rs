//! Rewards: what a shop gives for what, what was given, and how far a customer is.

use axum::{Json, extract::State};

use super::{
    at::{OfRewardRule, OfShop},
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Customer, ManageCampaigns, Staff},
    app::App,
    id::{RewardRuleId, ShopId},
    reward::{
        Rule,
        rule::{self, NewRule, RuleChange, Rules},
        show::{self, MyRewards, RewardGrantPage},
    },
};

/// Lay down what is given for what, from now on.
#[utoipa::path(post, path = "/shops/{shop_id}/reward-rules", tag = "rewards", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewRule,
    responses((status = 201, body = Rule), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn add(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<NewRule>,
) -> Created<Rule> {
    Ok(created(rule::add(&app, &by, new).await?))
}

/// All rules of the shop.
#[utoipa::path(get, path = "/shops/{shop_id}/reward-rules", tag = "rewards", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Rules), (status = 403, body = ProblemBody)))]
pub async fn list(State(app): State<App>, by: Staff<ManageCampaigns>) -> Answer<Rules> {
    Ok(Json(rule::list(&app, &by).await?))
}

/// Change a rule's numbers or coupons.
#[utoipa::path(patch, path = "/shops/{shop_id}/reward-rules/{rule_id}", tag = "rewards", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("rule_id" = RewardRuleId, Path)), request_body = RuleChange,
    responses((status = 200, body = Rule), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfRewardRule>,
    Body(change): Body<RuleChange>,
) -> Answer<Rule> {
    Ok(Json(rule::change(&app, &by, at.rule_id, change).await?))
}

/// End a rule; what was given stays.
#[utoipa::path(delete, path = "/shops/{shop_id}/reward-rules/{rule_id}", tag = "rewards", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("rule_id" = RewardRuleId, Path)),
    responses((status = 200, body = Rule), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn end(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfRewardRule>,
) -> Answer<Rule> {
    Ok(Json(rule::end(&app, &by, at.rule_id).await?))
}

/// What a rule gave and could not give, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/reward-rules/{rule_id}/grants", tag = "rewards", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("rule_id" = RewardRuleId, Path), PageOf),
    responses((status = 200, body = RewardGrantPage), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn grants(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfRewardRule>,
    Asked(of): Asked<PageOf>,
) -> Answer<RewardGrantPage> {
    Ok(Json(
        show::grants(&app, &by, at.rule_id, &of.cursor, of.limit).await?,
    ))
}

/// What a shop gives for what, and how far one is oneself.
#[utoipa::path(get, path = "/shops/{shop_id}/rewards", tag = "rewards", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = MyRewards), (status = 404, body = ProblemBody)))]
pub async fn mine(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfShop>,
) -> Answer<MyRewards> {
    Ok(Json(show::mine(&app, &customer, at.shop_id).await?))
}
