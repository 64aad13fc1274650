//! An order as somebody may see it: with the recipient in clear, or masked, and what they may do with it.

use proto::{OrderDeed, Permission};
use serde::Serialize;
use serde_json::Value;

use super::{Order, accept, graph::Party, queries, recipient::Recipient, step};
use crate::{
    actor::{Actor, Customer, ManageOrders, Staff},
    app::App,
    error::{Refusal, Result},
    id::{ConversationId, OrderId, ShopId},
    store::Tx,
};

/// Under this name a sealed recipient lies in an entry of the history.
pub(super) const SEALED: &str = "recipient_sealed";

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Whose order it is.
    Customer,
    /// Staff who may see customers' phones and addresses.
    Confidant,
    /// Staff who may not.
    Staff,
}

impl Viewer {
    /// What a member of staff sees of customers.
    pub fn of(actor: &Actor, shop: ShopId) -> Self {
        if actor.may(Permission::SeeCustomers, shop) {
            Self::Confidant
        } else {
            Self::Staff
        }
    }

    /// In clear or masked (STAFF-06).
    pub fn sees(self, recipient: Recipient) -> Recipient {
        match self {
            Self::Staff => recipient.masked(),
            Self::Customer | Self::Confidant => recipient,
        }
    }

    /// What they mean who were shown this recipient, and give one back.
    pub(super) fn means(self, said: Recipient, known: &Recipient) -> Recipient {
        match self {
            Self::Staff => said.meant(known),
            Self::Customer | Self::Confidant => said,
        }
    }

    fn party(self) -> Party {
        match self {
            Self::Customer => Party::Customer,
            Self::Confidant | Self::Staff => Party::Staff,
        }
    }
}

/// An order as somebody sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OrderShown)]
pub struct Shown {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Who gets it; masked for staff without `see_customers`.
    pub recipient: Recipient,
    /// What whoever looks may do with it now.
    pub may: Vec<OrderDeed>,
    /// What a look at it finds before it is accepted, for staff: `recipient_address_missing`, `unpaid` … (ORD-07).
    pub review: Vec<String>,
    /// Until when money or goods can be asked back; null: not completed.
    #[schema(value_type = Option<String>)]
    pub after_sale_until: Option<jiff::Timestamp>,
}

impl Shown {
    /// An order whose recipient is at hand.
    pub(super) fn of(mut order: Order, recipient: Option<Recipient>, viewer: Viewer) -> Self {
        let recipient = recipient.unwrap_or_default();
        let review = match viewer {
            Viewer::Customer => {
                (order.abnormal, order.follow_up_at) = (None, None);
                order.hide_reasons();
                vec![]
            }
            Viewer::Confidant | Viewer::Staff => {
                order.pickup_code = None;
                accept::review(&order, &recipient)
            }
        };
        Self {
            recipient: viewer.sees(recipient),
            may: order.may(viewer.party()),
            after_sale_until: order.after_sale_until(),
            review,
            order,
        }
    }

    /// An order whose recipient has to be read.
    pub(super) async fn load(app: &App, tx: &mut Tx, order: Order, viewer: Viewer) -> Result<Self> {
        let recipient = recipient(app, tx, order.id).await?;
        Ok(Self::of(order, Some(recipient), viewer))
    }
}

/// Who gets the order, in clear.
pub(super) async fn recipient(app: &App, tx: &mut Tx, order: OrderId) -> Result<Recipient> {
    match queries::recipient(tx, order).await? {
        Some(sealed) => Recipient::unseal(&app.vault, order, &sealed),
        None => Ok(Recipient::default()),
    }
}

/// A customer's own order. Refuses with `not_found`.
pub async fn to_customer(app: &App, customer: &Customer, order: OrderId) -> Result<Shown> {
    let shop = step::shop_of(app, customer, order).await?;
    let mut tx = app.store.begin(shop).await?;
    let order = one(&mut tx, order).await?;
    Shown::load(app, &mut tx, order, Viewer::Customer).await
}

/// An order of the shop. Refuses with `not_found`.
pub async fn to_staff(app: &App, by: &Staff<ManageOrders>, order: OrderId) -> Result<Shown> {
    let mut tx = app.store.begin(by.shop).await?;
    let order = one(&mut tx, order).await?;
    Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await
}

/// Where to talk about an order: its conversation, and the message there that shows it (CHAT-07).
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OrderContact)]
pub struct Contact {
    /// The conversation with its customer.
    pub conversation_id: ConversationId,
    /// The message that shows the order.
    pub card_number: i64,
}

/// Opens the conversation with the order attached. Refuses with `not_found`.
pub async fn contact(app: &App, by: &Staff<ManageOrders>, order: OrderId) -> Result<Contact> {
    let mut tx = app.store.begin(by.shop).await?;
    let order = one(&mut tx, order).await?;
    Ok(Contact {
        conversation_id: order.conversation_id,
        card_number: order.card_number,
    })
}

pub(super) async fn one(tx: &mut Tx, order: OrderId) -> Result<Order> {
    let found = queries::orders(tx, &[order]).await?.pop();
    Ok(found.ok_or(Refusal::NotFound)?)
}

/// What staff write for themselves stands in an entry under one of these names.
const OF_STAFF: [&str; 3] = ["abnormal", "outcome", "short_reason"];

/// What an entry of the history says, as this viewer may see it: sealed recipients opened, in clear or masked (null: the key is not among the
/// settings any more), and nothing of what staff write for themselves to the customer.
pub(super) fn opened(
    app: &App,
    order: OrderId,
    viewer: Viewer,
    said: Option<Value>,
) -> Option<Value> {
    let of_staff = |said: &Value| OF_STAFF.iter().any(|name| said.get(name).is_some());
    let said = said.filter(|said| viewer != Viewer::Customer || !of_staff(said));
    let Some(sealed) = said.as_ref().and_then(|said| said.get(SEALED)) else {
        return said;
    };
    // The history is not sealed anew: when its key is gone for good, everything else that it says is still to be read.
    let recipient = match sealed.as_str() {
        Some(sealed) => Recipient::unseal(&app.vault, order, sealed).ok(),
        None => Some(Recipient::default()),
    };
    let recipient = recipient.map(|recipient| viewer.sees(recipient));
    Some(serde_json::json!({ "recipient": recipient }))
}
