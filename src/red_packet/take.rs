//! Take a share of a red packet, from its card: whoever comes first takes the first. One statement decides whether there is one, and unique rows
//! that nobody and no device takes two.
//!
//! The row that everybody wants is counted up first, for the place says what is taken; the rest is quickly written while it is held. Whatever
//! is refused gives the place back with it.

use proto::{RedPacketDeed, RedPacketShare};

use super::{
    RedPacket, closing, fair, picture,
    queries::{self, Next, Take},
    remember, reveal,
};
use crate::{
    actor::Customer,
    app::App,
    conversation::seat::seat,
    error::{Refusal, Result},
    id::{RedPacketId, ShopId},
    payment::owed,
    store::Tx,
};

/// Takes a share. Again gives the same share. Refuses with `red_packet_empty`, `red_packet_over`, `red_packet_taken` another account on the same device,
/// `red_packet_not_eligible` the shop's staff and whoever it has banned; with `not_a_member`, `not_found`, `rate_limited`.
pub async fn take(app: &App, customer: &Customer, id: RedPacketId) -> Result<RedPacketShare> {
    let Customer(actor) = customer;
    let shop = queries::shop_of(app.store.pool(), id).await?;
    let shop = shop.ok_or(Refusal::NotFound)?;
    app.sends.take(actor.user)?;
    let mut tx = app.store.begin(shop).await?;
    let red_packet = queries::red_packet(&mut tx, id).await?;
    let red_packet = red_packet.ok_or(Refusal::NotFound)?;
    let seat = seat(tx.sql(), actor, red_packet.conversation_id).await?;
    seat.require_present()?;
    if let Some(taken) = queries::taken_by(&mut tx, id, actor.user).await? {
        return Ok(red_packet.share(taken));
    }
    red_packet.takeable(app.clock.now())?;
    if queries::may_not_take(&mut tx, actor.user).await? {
        return Err(Refusal::RedPacketNotEligible.into());
    }
    if let Some(share) = next(app, tx, customer, &red_packet).await? {
        picture::freshen_soon(app, shop, &red_packet);
        return Ok(share);
    }
    taken_meanwhile(app, shop, customer, &red_packet).await
}

/// The next share is this customer's. `None`: there is none, or they, or somebody on their device, have one.
async fn next(
    app: &App,
    mut tx: Tx,
    Customer(actor): &Customer,
    red_packet: &RedPacket,
) -> Result<Option<RedPacketShare>> {
    let (id, now) = (red_packet.id, app.clock.now());
    let device = match actor.session {
        Some(session) => queries::device(&mut tx, session).await?,
        None => None,
    };
    let Some(next) = queries::next(&mut tx, id, now).await? else {
        return Ok(None);
    };
    let take = Take::of(red_packet, &next, actor.user, now);
    if !queries::take(&mut tx, id, &take, device.as_deref()).await? {
        return Ok(None);
    }
    owed::owe(&mut tx, id, (actor.user, next.amount), now).await?;
    if next.is_last(red_packet) {
        let seed = reveal(app, red_packet)?;
        queries::empty(&mut tx, id, &seed, closing(now)).await?;
        let emptied = queries::required(&mut tx, id).await?;
        remember(&mut tx, &emptied, RedPacketDeed::Empty, now).await?;
    }
    tx.commit().await?;
    Ok(Some(red_packet.share(take.taken)))
}

/// What somebody is told who got nothing: the share of their other press, which was faster; else why there is none for them.
async fn taken_meanwhile(
    app: &App,
    shop: ShopId,
    Customer(actor): &Customer,
    red_packet: &RedPacket,
) -> Result<RedPacketShare> {
    let mut tx = app.store.begin(shop).await?;
    let taken = queries::taken_by(&mut tx, red_packet.id, actor.user).await?;
    if let Some(taken) = taken {
        return Ok(red_packet.share(taken));
    }
    let found = queries::required(&mut tx, red_packet.id).await?;
    found.takeable(app.clock.now())?;
    Err(Refusal::RedPacketTaken.into())
}

impl Next {
    fn is_last(&self, red_packet: &RedPacket) -> bool {
        self.place.unsigned_abs() == red_packet.rules.shares
    }
}

impl Take {
    /// Under a new name, tied to the share before.
    fn of(
        red_packet: &RedPacket,
        next: &Next,
        customer: crate::id::UserId,
        at: jiff::Timestamp,
    ) -> Self {
        let salt = hex::encode(rand::random::<[u8; 16]>());
        let person = fair::pseudonym(red_packet.id, &customer.to_string(), &salt);
        let place = next.place.unsigned_abs();
        let link = fair::link(&next.last_link, place, &person, next.amount);
        Self {
            customer,
            taken: super::Taken {
                place: next.place,
                amount: next.amount,
                person,
                salt,
                link,
                at,
            },
        }
    }
}
