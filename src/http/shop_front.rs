//! A shop's face, its followers and its links, over REST.

use axum::{Json, extract::State};
use serde::Serialize;

use super::{
    at::{OfLink, OfShop},
    body::{Asked, Body, Named},
    my_order::PageOf,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Actor, Customer, ManageCampaigns, ManageShop, SeeData, Staff},
    app::App,
    id::ShopId,
    product::{self, Goods},
    promotion,
    shop::{
        self, Shop,
        follow::{self, Following},
        link::{self, Link, NewLink, Visits},
        profile::{self, Profile},
        welcome::{self, Welcome},
    },
};

/// Where a link leads, all of it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Landing {
    /// The link.
    link: Link,
    /// The shop.
    shop: Shop,
    /// The product; null: the link leads elsewhere, or the product is not to be seen any more.
    product: Option<Goods>,
    /// The promotion's page; null: the link leads elsewhere.
    promotion: Option<promotion::show::Landing>,
}

/// What a shop tells of itself.
#[utoipa::path(get, path = "/shops/{shop_id}/profile", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    responses((status = 200, body = Profile), (status = 404, body = ProblemBody)))]
pub async fn profile(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Profile> {
    Ok(Json(profile::show(&app, &actor, at.shop_id).await?))
}

/// Set what the shop tells of itself.
#[utoipa::path(put, path = "/shops/{shop_id}/profile", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    request_body = Profile,
    responses((status = 200, body = Profile), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_profile(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Body(profile): Body<Profile>,
) -> Answer<Profile> {
    Ok(Json(profile::set(&app, &by, profile).await?))
}

/// How many follow a shop.
#[utoipa::path(get, path = "/shops/{shop_id}/follow", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    responses((status = 200, body = Following), (status = 404, body = ProblemBody)))]
pub async fn following(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Following> {
    Ok(Json(follow::show(&app, &actor, at.shop_id).await?))
}

/// Follow a shop.
#[utoipa::path(put, path = "/shops/{shop_id}/follow", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    responses((status = 200, body = Following), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn follow(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfShop>,
) -> Answer<Following> {
    Ok(Json(follow::follow(&app, &customer, at.shop_id).await?))
}

/// Follow a shop no more.
#[utoipa::path(delete, path = "/shops/{shop_id}/follow", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    responses((status = 200, body = Following), (status = 403, body = ProblemBody)))]
pub async fn unfollow(
    State(app): State<App>,
    customer: Customer,
    Named(at): Named<OfShop>,
) -> Answer<Following> {
    Ok(Json(follow::unfollow(&app, &customer, at.shop_id).await?))
}

/// What new followers hear.
#[utoipa::path(get, path = "/shops/{shop_id}/welcome", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    responses((status = 200, body = Welcome), (status = 403, body = ProblemBody)))]
pub async fn welcome(State(app): State<App>, by: Staff<ManageCampaigns>) -> Answer<Welcome> {
    Ok(Json(welcome::show(&app, &by).await?))
}

/// Set what those hear who follow from now on: one message, in their conversation with the shop.
#[utoipa::path(put, path = "/shops/{shop_id}/welcome", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    request_body = Welcome,
    responses((status = 200, body = Welcome), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_welcome(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(welcome): Body<Welcome>,
) -> Answer<Welcome> {
    Ok(Json(welcome::set(&app, &by, welcome).await?))
}

/// Make a link to a shop, a product or a promotion, to be shared.
#[utoipa::path(post, path = "/shops/{shop_id}/links", tag = "shops", security(("token" = [])), params(("shop_id" = ShopId, Path)),
    request_body = NewLink,
    responses((status = 201, body = Link), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn share(
    State(app): State<App>,
    by: Actor,
    Named(at): Named<OfShop>,
    Body(new): Body<NewLink>,
) -> Created<Link> {
    Ok(created(link::share(&app, &by, at.shop_id, &new).await?))
}

/// Open a link: what it leads to, in one step.
#[utoipa::path(get, path = "/l/{code}", tag = "shops", security(("token" = [])), params(("code" = String, Path)),
    responses((status = 200, body = Landing), (status = 404, body = ProblemBody)))]
pub async fn open(State(app): State<App>, by: Actor, Named(at): Named<OfLink>) -> Answer<Landing> {
    let link = link::open(&app, &by, &at.code).await?;
    let shop = shop::show(&app, link.shop_id).await?;
    let product = match link.product_id {
        Some(product) => product::list::show(&app, &by, link.shop_id, product)
            .await
            .ok(),
        None => None,
    };
    let promotion = match link.promotion_id {
        Some(promotion) => promotion::show::landing(&app, &by, link.shop_id, promotion)
            .await
            .ok(),
        None => None,
    };
    Ok(Json(Landing {
        link,
        shop,
        product,
        promotion,
    }))
}

/// Who came by which link.
#[utoipa::path(get, path = "/shops/{shop_id}/visits", tag = "shops", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = Visits), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn visits(
    State(app): State<App>,
    by: Staff<SeeData>,
    Asked(of): Asked<PageOf>,
) -> Answer<Visits> {
    Ok(Json(link::visits(&app, &by, &of.cursor, of.limit).await?))
}
