//! Follow a shop (SHOP-07).

use serde::Serialize;

use super::queries;
use crate::{
    actor::{Actor, Customer},
    app::App,
    error::{Refusal, Result},
    fact::Fact,
    id::{ShopId, UserId},
    store::Tx,
};

/// Whether one follows a shop, and how many do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Following {
    /// Whether I do.
    pub following: bool,
    /// How many do.
    pub followers: i64,
}

/// How many follow a shop, and whether the actor does. Refuses with `not_found`.
pub async fn show(app: &App, actor: &Actor, shop: ShopId) -> Result<Following> {
    super::show(app, shop).await?;
    let mut tx = app.store.begin(shop).await?;
    of(&mut tx, actor.user).await
}

/// Follows a shop, from now on; a second time nothing happens. It is remembered the first time only, also of those who went and came
/// back. Refuses with `not_found` a shop that is none, or not the one whose site the customer came by.
pub async fn follow(app: &App, customer: &Customer, shop: ShopId) -> Result<Following> {
    let Customer(actor) = customer;
    if actor.home.is_some_and(|home| home != shop) {
        return Err(Refusal::NotFound.into());
    }
    super::show(app, shop).await?;
    app.sends.take(actor.user)?;
    let (mut tx, now) = (app.store.begin(shop).await?, app.clock.now());
    if queries::begin_to_follow(&mut tx, actor.user, now).await? {
        let fact = Fact::ShopFollowed {
            customer_id: actor.user,
        };
        tx.remember(&fact, now).await?;
    }
    let following = of(&mut tx, actor.user).await?;
    tx.commit().await?;
    Ok(following)
}

/// Follows it no more.
pub async fn unfollow(app: &App, customer: &Customer, shop: ShopId) -> Result<Following> {
    let mut tx = app.store.begin(shop).await?;
    queries::unfollow(&mut tx, customer.0.user, app.clock.now()).await?;
    let following = of(&mut tx, customer.0.user).await?;
    tx.commit().await?;
    Ok(following)
}

async fn of(tx: &mut Tx, user: UserId) -> Result<Following> {
    let (following, followers) = queries::following(tx, user).await?;
    Ok(Following {
        following,
        followers,
    })
}
