//! Actors as extractors: the argument is the check.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::Deserialize;

use super::{reply::Problem, turn::Caller};
use crate::{
    account::session::Session,
    actor::{Actor, Customer, Merchant, Right, Staff},
    app::App,
    error::Refusal,
    id::ShopId,
};

/// As `turn` has found out.
impl FromRequestParts<App> for Session {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>();
        let caller = caller.ok_or(Refusal::NotAuthenticated)?;
        Ok(caller.session()?)
    }
}

impl FromRequestParts<App> for Actor {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Session::from_request_parts(parts, app).await?.actor)
    }
}

impl FromRequestParts<App> for Customer {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Actor::from_request_parts(parts, app).await?.customer()?)
    }
}

impl FromRequestParts<App> for Merchant {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Actor::from_request_parts(parts, app).await?.merchant()?)
    }
}

#[derive(Deserialize)]
struct InShop {
    shop_id: ShopId,
}

/// The right is looked up anew for every request, in the shop that the path names: `/shops/{shop_id}/…`.
impl<R: Right> FromRequestParts<App> for Staff<R> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let path = Path::<InShop>::from_request_parts(parts, app).await;
        let Path(InShop { shop_id }) = path.map_err(|_| Refusal::NotFound)?;
        Ok(actor.staff::<R>(shop_id)?)
    }
}
