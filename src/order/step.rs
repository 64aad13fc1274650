//! One step of an order: the lock before, and what follows from it after. Every verb goes through here, so that none forgets the
//! history, the card or the other side.
//!
//! Locks are taken in this order: the shop's rights, the order, the day's number, its conversation, the goods.

use proto::{Message, Notice, NoticeKind, OrderDeed, OrderState};
use serde_json::Value;

use super::{Order, card, graph::Party, queries, recipient::Recipient};
use crate::{
    actor::{Customer, Staff},
    app::App,
    conversation::{Draft, log, redraw},
    error::{Refusal, Result},
    fact::Fact,
    id::{ConversationId, OrderId, ShopId, UserId},
    rights,
    store::Tx,
};

/// Who does it.
#[derive(Clone, Debug)]
pub(crate) struct By {
    pub id: Option<UserId>,
    pub party: Party,
}

impl By {
    /// The server itself.
    pub(crate) const SYSTEM: Self = Self {
        id: None,
        party: Party::System,
    };
    /// Who brings the goods.
    pub(super) const CARRIER: Self = Self {
        id: None,
        party: Party::Carrier,
    };
    /// Who takes the money.
    pub(crate) const PROVIDER: Self = Self {
        id: None,
        party: Party::Provider,
    };
}

impl<R> From<&Staff<R>> for By {
    fn from(staff: &Staff<R>) -> Self {
        Self {
            id: Some(staff.actor.user),
            party: Party::Staff,
        }
    }
}

impl From<&Customer> for By {
    fn from(customer: &Customer) -> Self {
        Self {
            id: Some(customer.0.user),
            party: Party::Customer,
        }
    }
}

/// What was done.
#[derive(Clone, Debug)]
pub(super) struct Done<'a> {
    pub by: &'a By,
    pub deed: OrderDeed,
    /// For both sides.
    pub remark: &'a str,
    /// How it was, where more changes than the state.
    pub before: Option<Value>,
    /// How it is.
    pub after: Option<Value>,
}

impl<'a> Done<'a> {
    pub(super) fn new(by: &'a By, deed: OrderDeed) -> Self {
        Self {
            by,
            deed,
            remark: "",
            before: None,
            after: None,
        }
    }

    #[must_use]
    pub(super) fn remark(self, remark: &'a str) -> Self {
        Self { remark, ..self }
    }

    #[must_use]
    pub(super) fn changed(self, before: Value, after: Value) -> Self {
        Self {
            before: Some(before),
            after: Some(after),
            ..self
        }
    }
}

/// Begins work of staff on an order of their shop: their right holds while it lasts. Refuses with `forbidden`, `not_found`.
pub(crate) async fn of_staff<R: crate::actor::Right>(
    app: &App,
    by: &Staff<R>,
    order: OrderId,
) -> Result<(Tx, Order)> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let order = hold(&mut tx, order).await?;
    Ok((tx, order))
}

/// Begins work of a customer on an order of theirs. Refuses with `not_found`.
pub(crate) async fn of_customer(app: &App, by: &Customer, order: OrderId) -> Result<(Tx, Order)> {
    let shop = shop_of(app, by, order).await?;
    let mut tx = app.store.begin(shop).await?;
    let order = hold(&mut tx, order).await?;
    Ok((tx, order))
}

/// In which shop a customer's order is. Refuses with `not_found`.
pub(super) async fn shop_of(app: &App, by: &Customer, order: OrderId) -> Result<ShopId> {
    let shop = queries::shop_of(app.store.pool(), by.0.user, order).await?;
    Ok(shop.ok_or(Refusal::NotFound)?)
}

/// The order, which nobody else changes until this work ends. Refuses with `not_found`.
pub(crate) async fn hold(tx: &mut Tx, order: OrderId) -> Result<Order> {
    Ok(queries::lock(tx, order).await?.ok_or(Refusal::NotFound)?)
}

/// Writes down what was done with an order that was held: the row, the history, the card, words in the conversation, and the fact.
pub(super) async fn write(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    was: OrderState,
    done: Done<'_>,
    said: &[String],
) -> Result<()> {
    done.remark.clone_into(&mut order.remark);
    order.version += 1;
    queries::save(tx, order).await?;
    queries::note(tx, order, Some(was), &done, app.clock.now()).await?;
    redraw(app, tx, order).await?;
    say(app, tx, order.conversation_id, said).await?;
    remember(app, tx, order, Some(was), done.deed).await
}

/// Draws the order's card anew.
pub(super) async fn redraw(app: &App, tx: &mut Tx, order: &Order) -> Result<()> {
    let place = (order.conversation_id, order.card_number.cast_unsigned());
    redraw::redraw(tx, app, place, &card::draw(order)).await?;
    Ok(())
}

/// A new order: its row, its card in the conversation, and the first entry of its history. Gives it with the card's number.
pub(super) async fn begin(
    app: &App,
    tx: &mut Tx,
    mut order: Order,
    recipient: &Recipient,
    done: Done<'_>,
) -> Result<Order> {
    let speaker = done.by.id;
    order.version = 1;
    order.card_number = post_card(app, tx, &order, speaker).await?;
    let sealed = recipient.seal(&app.vault, order.id);
    queries::add(tx, &order, speaker.unwrap_or(order.customer_id), &sealed).await?;
    queries::note(tx, &order, None, &done, app.clock.now()).await?;
    remember(app, tx, &order, None, done.deed).await?;
    Ok(order)
}

async fn post_card(app: &App, tx: &mut Tx, order: &Order, speaker: Option<UserId>) -> Result<i64> {
    let drawn = card::draw(order);
    let message = Message {
        conversation_id: order.conversation_id.to_string(),
        text: drawn.summary.clone(),
        card: Some(drawn),
        ..Message::default()
    };
    let draft = Draft {
        conversation: order.conversation_id,
        sender: speaker,
        message,
        fingerprint: None,
    };
    Ok(log::append(tx, &app.clock, draft)
        .await?
        .number
        .cast_signed())
}

/// Words that the server says by itself.
pub(super) async fn say(
    app: &App,
    tx: &mut Tx,
    conversation: ConversationId,
    said: &[String],
) -> Result<()> {
    if said.is_empty() {
        return Ok(());
    }
    let draft = |words: &String| {
        let message = Message {
            text: words.clone(),
            ..notice(conversation)
        };
        said_by_server(conversation, message)
    };
    log::append_all(tx, &app.clock, said.iter().map(draft).collect()).await?;
    Ok(())
}

/// What the server says about an order begins with this.
pub(super) fn notice(conversation: ConversationId) -> Message {
    Message {
        conversation_id: conversation.to_string(),
        notice: Some(Notice {
            kind: NoticeKind::OrderMoved.into(),
            ..Notice::default()
        }),
        ..Message::default()
    }
}

/// A message that nobody but the server says.
pub(super) fn said_by_server(conversation: ConversationId, message: Message) -> Draft {
    Draft::of_server(conversation, message)
}

async fn remember(
    app: &App,
    tx: &mut Tx,
    order: &Order,
    was: Option<OrderState>,
    deed: OrderDeed,
) -> Result<()> {
    let fact = Fact::OrderMoved {
        order_id: order.id,
        conversation_id: order.conversation_id,
        number: order.number.clone(),
        customer_id: order.customer_id,
        deed,
        state_before: was,
        state: order.state,
        payment_status: order.payment_status,
        total: order.total.in_minor(),
    };
    tx.remember(&fact, app.clock.now()).await
}
