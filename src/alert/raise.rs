//! Something asks for staff.

use jiff::Timestamp;
use proto::{Alert, AlertKind, Permission};

use super::{queries, sounds};
use crate::{
    bus::Audience,
    clock::millis,
    error::Result,
    event::Event,
    fact::Fact,
    id::{AlertId, CaseId, ConversationId, OrderId, ShopId, UserId},
    store::Tx,
};

/// Characters of an alert's words; what is longer is cut, for it is read on locked screens.
const TEXT: usize = 500;

/// What is to be raised, and whom it asks for.
#[derive(Clone, Debug)]
pub struct NewAlert {
    pub(super) kind: AlertKind,
    pub(super) permission: Permission,
    pub(super) text: String,
    pub(super) conversation: Option<ConversationId>,
    pub(super) order: Option<OrderId>,
    pub(super) case: Option<CaseId>,
    pub(super) customer: Option<UserId>,
    pub(super) only: Option<UserId>,
}

impl NewAlert {
    /// For everybody who holds `permission` in the shop. Of the words, the first 500 characters are told.
    pub fn new(kind: AlertKind, permission: Permission, text: impl Into<String>) -> Self {
        Self {
            kind,
            permission,
            text: shortened(text.into()),
            conversation: None,
            order: None,
            case: None,
            customer: None,
            only: None,
        }
    }

    /// It leads into this conversation.
    #[must_use]
    pub fn in_conversation(mut self, conversation: ConversationId) -> Self {
        self.conversation = Some(conversation);
        self
    }

    /// It leads to this order.
    #[must_use]
    pub fn about_order(mut self, order: OrderId) -> Self {
        self.order = Some(order);
        self
    }

    /// It leads to this request for after-sale service.
    #[must_use]
    pub fn about_case(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    /// It leads to this customer.
    #[must_use]
    pub fn about_customer(mut self, customer: UserId) -> Self {
        self.customer = Some(customer);
        self
    }

    /// Of those who hold the permission, for this one alone.
    #[must_use]
    pub fn only_for(mut self, colleague: UserId) -> Self {
        self.only = Some(colleague);
        self
    }

    /// Whom it is shown to.
    fn audience(&self, shop: ShopId) -> Audience {
        self.only
            .map_or(Audience::Staff(shop, self.permission), Audience::User)
    }

    fn frame(self, id: AlertId, shop: ShopId, at: Timestamp) -> Alert {
        let named = |id: Option<String>| id.unwrap_or_default();
        Alert {
            id: id.to_string(),
            kind: self.kind.into(),
            shop_id: shop.to_string(),
            conversation_id: named(self.conversation.map(|id| id.to_string())),
            order_id: named(self.order.map(|id| id.to_string())),
            case_id: named(self.case.map(|id| id.to_string())),
            customer_id: named(self.customer.map(|id| id.to_string())),
            text: self.text,
            at: millis(at),
            sound: sounds(self.kind),
        }
    }
}

/// Keeps an alert in the shop's unit of work, and shows it to those who are entitled, want it and are on the line, once on each
/// socket, when the work commits; and remembers it, for those who are not on the line.
pub async fn raise(tx: &mut Tx, new: NewAlert, now: Timestamp) -> Result<AlertId> {
    let (id, shop) = (AlertId::new(), tx.shop()?);
    queries::add(tx, id, &new, now).await?;
    let entitled = new.audience(shop);
    tx.show(Event::alert(entitled, new.frame(id, shop, now)));
    tx.remember(&Fact::AlertRaised { alert_id: id }, now)
        .await?;
    Ok(id)
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(TEXT) {
        None => text,
        Some(_) => text.chars().take(TEXT - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_cut_between_characters() {
        let whole = "茶".repeat(TEXT);
        assert_eq!(shortened(whole.clone()), whole);
        let cut = shortened(format!("{whole}!"));
        assert_eq!(cut.chars().count(), TEXT);
        assert!(cut.ends_with("茶…"));
    }
}
