//! What happens to an order while a carrier has it: it moves (O18), and its customer is told where it is.

use proto::OrderState;

use super::{
    Order, show,
    step::{self, By},
    time_out,
};
use crate::{app::App, error::Result, id::OrderId, store::Tx};

/// The order, which nobody else changes until this work ends. Refuses with `not_found`.
pub async fn hold(tx: &mut Tx, order: OrderId) -> Result<Order> {
    step::hold(tx, order).await
}

/// The carrier was heard to have it: what is wholly shipped is in transit, what is anything else stays as it is.
pub async fn moves(app: &App, tx: &mut Tx, order: &mut Order) -> Result<()> {
    if order.state == OrderState::Shipped {
        time_out::in_transit(app, tx, order, &By::CARRIER).await?;
    }
    Ok(())
}

/// Says something about it in its conversation.
pub async fn tell(app: &App, tx: &mut Tx, order: &Order, words: String) -> Result<()> {
    step::say(app, tx, order.conversation_id, &[words]).await
}

/// The recipient's phone, in clear: some carriers tell nobody else where a parcel is. Empty: not known.
pub async fn phone(app: &App, tx: &mut Tx, order: OrderId) -> Result<String> {
    Ok(show::recipient(app, tx, order).await?.phone)
}
