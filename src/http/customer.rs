//! A shop's customers over REST: who they are, what is said of them, when to come back to them.

use axum::{Json, extract::State};
use proto::Done;
use serde::{Deserialize, Serialize};

use super::{
    at::{OfFollowUp, OfShop, OfUser},
    body::{Asked, Body, Named, PageOf},
    order_deed::Empty,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Chat, Customer, ManageCampaigns, SeeCustomers, Staff},
    app::App,
    crm::{
        follow_up::{self, FollowUp, FollowUpPage, NewFollowUp},
        profile::{self, Profile},
        rules::{self, Rules},
        tag::{self, CustomerPage, Dimension, Tag, TagCount},
        wish,
    },
    error::refused_argument,
    id::{FollowUpId, ShopId, UserId},
};

/// Whom to tag how.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tagging {
    /// What.
    tag: Tag,
    /// Whom, 1 to 500.
    customer_ids: Vec<UserId>,
}

/// How many carry it anew.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Tagged {
    tagged: u64,
}

/// Tags, and how many carry each.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TagCounts {
    tags: Vec<TagCount>,
}

/// Which tag.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OfTag {
    /// What it is about.
    dimension: Dimension,
    /// Its name.
    name: String,
}

/// Which customers.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct Which {
    /// Of those who carry a tag: what it is about …
    dimension: Option<Dimension>,
    /// … and its name.
    name: Option<String>,
    /// `next_cursor` of the page before; empty: the first page.
    cursor: String,
    /// How many at most; 0: as many as is usual.
    limit: u32,
}

/// What a customer wants.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = CampaignWish)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The shop's campaigns.
    wanted: bool,
}

/// The shop's customers, all or those with a tag.
#[utoipa::path(get, path = "/shops/{shop_id}/customers", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), Which),
    responses((status = 200, body = CustomerPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    by: Staff<SeeCustomers>,
    Asked(which): Asked<Which>,
) -> Answer<CustomerPage> {
    let tag = match (which.dimension, which.name) {
        (None, None) => None,
        (Some(dimension), Some(name)) => Some(Tag { dimension, name }),
        _ => return Err(refused_argument("name", "and `dimension` name a tag together").into()),
    };
    let page = tag::customers(&app, &by, tag.as_ref(), &which.cursor, which.limit).await?;
    Ok(Json(page))
}

/// A customer as the shop knows them: what they bought, said and asked about.
#[utoipa::path(get, path = "/shops/{shop_id}/customers/{user_id}/profile", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, body = Profile), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn profile(
    State(app): State<App>,
    by: Staff<Chat>,
    Named(at): Named<OfUser>,
) -> Answer<Profile> {
    Ok(Json(profile::profile(&app, &by, at.user_id).await?))
}

/// Tag one or many customers.
#[utoipa::path(post, path = "/shops/{shop_id}/customer-tags", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Tagging,
    responses((status = 201, body = Tagged), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn tag(
    State(app): State<App>,
    by: Staff<Chat>,
    Body(body): Body<Tagging>,
) -> Created<Tagged> {
    let tagged = tag::tag(&app, &by, &body.tag, &body.customer_ids).await?;
    Ok(created(Tagged { tagged }))
}

/// All tags of the shop, with how many customers carry each.
#[utoipa::path(get, path = "/shops/{shop_id}/customer-tags", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = TagCounts), (status = 403, body = ProblemBody)))]
pub async fn tags(State(app): State<App>, by: Staff<Chat>) -> Answer<TagCounts> {
    let tags = tag::tags(&app, &by).await?;
    Ok(Json(TagCounts { tags }))
}

/// Take a tag off a customer.
#[utoipa::path(delete, path = "/shops/{shop_id}/customers/{user_id}/tags", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path), OfTag),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn untag(
    State(app): State<App>,
    by: Staff<Chat>,
    Named(at): Named<OfUser>,
    Asked(OfTag { dimension, name }): Asked<OfTag>,
) -> Answer<Done> {
    tag::untag(&app, &by, at.user_id, &Tag { dimension, name }).await?;
    Ok(Json(Done {}))
}

/// From where on customers are tagged by themselves.
#[utoipa::path(get, path = "/shops/{shop_id}/tag-rules", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Rules), (status = 403, body = ProblemBody)))]
pub async fn rules(State(app): State<App>, by: Staff<ManageCampaigns>) -> Answer<Rules> {
    Ok(Json(rules::show(&app, &by).await?))
}

/// Set that.
#[utoipa::path(put, path = "/shops/{shop_id}/tag-rules", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Rules,
    responses((status = 200, body = Rules), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_rules(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(body): Body<Rules>,
) -> Answer<Rules> {
    Ok(Json(rules::set(&app, &by, body).await?))
}

/// Write a note on a customer, and when to come back to it.
#[utoipa::path(post, path = "/shops/{shop_id}/customers/{user_id}/follow-ups", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)), request_body = NewFollowUp,
    responses((status = 201, body = FollowUp), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn add_follow_up(
    State(app): State<App>,
    by: Staff<Chat>,
    Named(at): Named<OfUser>,
    Body(new): Body<NewFollowUp>,
) -> Created<FollowUp> {
    Ok(created(follow_up::add(&app, &by, at.user_id, new).await?))
}

/// The notes on a customer, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/customers/{user_id}/follow-ups", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path), PageOf),
    responses((status = 200, body = FollowUpPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn follow_ups(
    State(app): State<App>,
    by: Staff<Chat>,
    Named(at): Named<OfUser>,
    Asked(of): Asked<PageOf>,
) -> Answer<FollowUpPage> {
    let page = follow_up::list(&app, &by, at.user_id, &of.cursor, of.limit).await?;
    Ok(Json(page))
}

/// What a note asks for is done.
#[utoipa::path(post, path = "/shops/{shop_id}/customers/{user_id}/follow-ups/{follow_up_id}/done", tag = "customers",
    security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path), ("follow_up_id" = FollowUpId, Path)), request_body = Empty,
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn follow_up_done(
    State(app): State<App>,
    by: Staff<Chat>,
    Named(at): Named<OfFollowUp>,
    Body(Empty {}): Body<Empty>,
) -> Answer<Done> {
    follow_up::done(&app, &by, at.user_id, at.follow_up_id).await?;
    Ok(Json(Done {}))
}

/// Say whether one wants a shop's campaigns.
#[utoipa::path(put, path = "/shops/{shop_id}/campaign-wish", tag = "customers", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Wish,
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn wish(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfShop>,
    Body(Wish { wanted }): Body<Wish>,
) -> Answer<Done> {
    wish::set(&app, &customer, at.shop_id, wanted).await?;
    Ok(Json(Done {}))
}
