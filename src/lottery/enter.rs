//! Take part in a lottery: a ticket, tied to all before it, and a receipt to find oneself by.

use proto::{DrawReceipt, DrawReceiptTicket, DrawState};

use super::{Draw, fair::Because, picture, queries, roll::Roll};
use crate::{
    actor::Customer,
    app::App,
    conversation::seat::seat,
    error::{Refusal, Result, refused_argument},
    id::{DrawId, UserId},
    store::Tx,
};

/// Enters, from the card. Again gives the same receipt, with the tickets that friends have earned since. Refuses with `draw_state` when the list
/// is closed, with `draw_not_eligible` the shop's staff and whoever it has banned, with `not_a_member`, `not_found`, `invalid_argument`,
/// `rate_limited`.
pub async fn enter(app: &App, customer: &Customer, id: DrawId, nonce: &str) -> Result<DrawReceipt> {
    let Customer(actor) = customer;
    check_nonce(nonce)?;
    let shop = queries::shop_of(app.store.pool(), id).await?;
    let shop = shop.ok_or(Refusal::NotFound)?;
    app.sends.take(actor.user)?;
    let mut tx = app.store.begin(shop).await?;
    let draw = queries::lock(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    let seat = seat(tx.sql(), actor, draw.conversation_id).await?;
    seat.require_present()?;
    if draw.state != DrawState::Open || draw.rules.ends_at <= app.clock.now() {
        return Err(Refusal::DrawState.into());
    }
    if queries::may_not_win(&mut tx, actor.user).await? {
        return Err(Refusal::DrawNotEligible.into());
    }
    let now = app.clock.now();
    let mut roll = Roll::of(&draw);
    if !queries::takes_part(&mut tx, id, actor.user).await? {
        roll.enter(actor.user, Because::Entered, nonce);
        roll.write(&mut tx, now).await?;
    }
    roll.top_up(&mut tx, Some(actor.user)).await?;
    roll.write(&mut tx, now).await?;
    let receipt = receipt(&mut tx, &draw, actor.user).await?;
    tx.commit().await?;
    picture::freshen_soon(app, shop, &draw);
    Ok(receipt.ok_or(Refusal::NotFound)?)
}

/// What somebody keeps of having taken part; `None`: they do not.
pub(super) async fn receipt(
    tx: &mut Tx,
    draw: &Draw,
    customer: UserId,
) -> Result<Option<DrawReceipt>> {
    let Some(person) = queries::person(tx, draw.id, customer).await? else {
        return Ok(None);
    };
    let tickets = queries::tickets_of(tx, draw.id, customer).await?;
    let ticket = |(number, link): (i32, String)| DrawReceiptTicket {
        number: number.unsigned_abs(),
        link,
    };
    Ok(Some(DrawReceipt {
        draw_id: draw.id.to_string(),
        commitment: draw.commitment.clone(),
        person: person.pseudonym,
        salt: person.salt,
        nonce: person.nonce,
        tickets: tickets.into_iter().map(ticket).collect(),
    }))
}

/// Refuses with `invalid_argument` what is not empty and not 16 to 64 digits of lower-case hexadecimal.
fn check_nonce(nonce: &str) -> Result<()> {
    let digits = nonce
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if nonce.is_empty() || digits && (16..=64).contains(&nonce.len()) {
        return Ok(());
    }
    Err(refused_argument(
        "nonce",
        "is 16 to 64 digits of lower-case hexadecimal, or empty",
    ))
}
