//! Staff show a product in a conversation: the card that a customer's enquiry begins with, this time from the shop.

use proto::Message;

use super::card;
use crate::{
    actor::{Chat, Staff},
    app::App,
    conversation::{Draft, log, post::sender, seat},
    error::{Refusal, Result},
    id::{ConversationId, ProductId},
    product::list::on_sale,
    rights,
};

/// Says a card of the product, as it is sold now, in a conversation of the shop; gives the message's number. It is nobody's enquiry.
///
/// Refuses with `not_found` a conversation that is not the shop's and a product that it does not show, with `rate_limited`, and as
/// saying anything there does (`not_a_member`, `muted`, `conversation_closed`).
pub async fn show(
    app: &App,
    by: &Staff<Chat>,
    conversation: ConversationId,
    product: ProductId,
) -> Result<u64> {
    app.sends.take(by.actor.user)?;
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let seat = seat::seat(tx.sql(), &by.actor, conversation).await?;
    if seat.address.shop() != Some(by.shop) {
        return Err(Refusal::NotFound.into());
    }
    let drawn = card::draw(by.shop, &on_sale(&mut tx, product, now).await?, now)?;
    let message = Message {
        conversation_id: conversation.to_string(),
        sender: Some(sender(&by.actor)),
        text: drawn.summary.clone(),
        card: Some(drawn),
        ..Message::default()
    };
    let draft = Draft {
        conversation,
        sender: Some(by.actor.user),
        message,
        fingerprint: None,
    };
    let posted = log::append(&mut tx, &app.clock, draft).await?;
    tx.commit().await?;
    Ok(posted.number)
}
