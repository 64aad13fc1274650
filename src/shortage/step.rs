//! One step of a shortage: its order and itself are held, its row and its card follow.

use proto::{Message, Notice, NoticeKind};

use super::{Shortage, card, queries};
use crate::{
    app::App,
    conversation::{Draft, log, redraw},
    error::{Refusal, Result},
    id::ShortageId,
    order::{Order, after_sale},
    store::Tx,
};

/// A shortage with its order: nobody else changes either until this work ends.
pub(super) struct Work {
    pub tx: Tx,
    pub order: Order,
    pub shortage: Shortage,
}

/// Refuses with `not_found`.
pub(super) async fn hold(mut tx: Tx, shortage: ShortageId) -> Result<Work> {
    let order = queries::order_of(&mut tx, shortage).await?;
    let order = after_sale::hold(&mut tx, order.ok_or(Refusal::NotFound)?).await?;
    let shortage = queries::one(&mut tx, shortage).await?;
    Ok(Work {
        tx,
        order,
        shortage: shortage.ok_or(Refusal::NotFound)?,
    })
}

/// A new one: its card in the conversation and its row. The server says it.
pub(super) async fn begin(
    app: &App,
    tx: &mut Tx,
    order: &Order,
    shortage: &mut Shortage,
) -> Result<()> {
    let drawn = card::draw(shortage, order)?;
    let message = Message {
        conversation_id: order.conversation_id.to_string(),
        text: drawn.summary.clone(),
        card: Some(drawn),
        notice: Some(Notice {
            kind: NoticeKind::OrderMoved.into(),
            ..Notice::default()
        }),
        ..Message::default()
    };
    let draft = Draft::of_server(order.conversation_id, message);
    let posted = log::append(tx, &app.clock, draft).await?;
    shortage.card_number = posted.number.cast_signed();
    queries::add(tx, shortage).await
}

/// Where it stands now: its row, and its card drawn anew.
pub(super) async fn write(
    app: &App,
    tx: &mut Tx,
    order: &Order,
    shortage: &Shortage,
) -> Result<()> {
    queries::save(tx, shortage).await?;
    let place = (order.conversation_id, shortage.card_number.cast_unsigned());
    redraw::redraw(tx, app, place, &card::draw(shortage, order)?).await?;
    Ok(())
}
