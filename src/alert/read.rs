//! How far somebody has read a shop's alerts.
//!
//! The mark is an alert's id, and ids rise with the moment of raising, not of committing: what commits a moment after the mark was set
//! may lie below it. It is shown on open sockets like any other, and was raised before what its reader has just read.

use proto::{AlertsRead, UnreadAlerts, push};

use super::{entitled, queries, unread_in};
use crate::{
    actor::Actor,
    app::App,
    bus::Audience,
    error::{Refusal, Result},
    event::Event,
    id::{AlertId, ShopId},
};

/// The actor has read this alert of the shop and all before it; their devices are told. Never goes back.
///
/// Refuses with `forbidden` whoever has no post there, with `not_found` an alert that they may not see, with `rate_limited`.
pub async fn mark_read(
    app: &App,
    actor: &Actor,
    shop: ShopId,
    up_to: AlertId,
) -> Result<AlertsRead> {
    let held = entitled(actor, shop)?;
    app.sends.take(actor.user)?;
    let mut tx = app.store.begin(shop).await?;
    let read_up_to = queries::mark_read(&mut tx, actor.user, held, up_to).await?;
    let read_up_to = read_up_to.ok_or(Refusal::NotFound)?;
    let read = AlertsRead {
        shop_id: shop.to_string(),
        read_up_to: read_up_to.to_string(),
        unread: unread_in(&mut tx, actor.user, held).await?,
    };
    let own_devices = vec![Audience::User(actor.user)];
    tx.show(Event::passing(
        own_devices,
        push::Event::AlertsRead(read.clone()),
    ));
    tx.commit().await?;
    Ok(read)
}

/// How much waits for somebody in each of the shops they work for, where anything does.
pub async fn unread(app: &App, actor: &Actor) -> Result<Vec<UnreadAlerts>> {
    if actor.posts.is_empty() {
        return Ok(vec![]);
    }
    let posts = actor.posts.iter().map(|post| (post.shop, post.permissions));
    let posts: Vec<_> = posts.collect();
    let mut sql = app.store.pool().acquire().await?;
    let unread = queries::unread(&mut sql, actor.user, &posts).await?;
    let unread = unread.into_iter().filter(|(_, unread)| *unread > 0);
    let told = unread.map(|(shop, unread)| UnreadAlerts {
        shop_id: shop.to_string(),
        unread,
    });
    Ok(told.collect())
}
