//! People who buy: the customers of a shop are those who have a conversation with it.

pub mod ban;
mod queries;

use serde::Serialize;

use crate::{
    actor::{Chat, Staff},
    app::App,
    code::phone::Phone,
    error::{Refusal, Result},
    id::{ConversationId, UserId},
};

/// A customer as a member of staff may see them.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Contact {
    /// Who.
    pub user_id: UserId,
    /// As others see them.
    pub name: String,
    /// In clear for those who may see customers, else masked (`138****8000`); empty if none is known.
    pub phone: String,
    /// Where they came from when they first consulted the shop (CHAT-02); empty if they did not say.
    pub source: String,
    /// Their conversation with the shop.
    pub conversation_id: ConversationId,
    /// The shop takes no messages from them.
    pub banned: bool,
}

/// A customer of the shop. Refuses with `not_found` who has no conversation with it.
pub async fn contact(app: &App, by: &Staff<Chat>, customer: UserId) -> Result<Contact> {
    let mut tx = app.store.begin(by.shop).await?;
    let found = queries::contact(&mut tx, customer).await?;
    let contact = found.ok_or(Refusal::NotFound)?;
    let clear = by.actor.may(proto::Permission::SeeCustomers, by.shop);
    Ok(if clear { contact } else { masked(contact) })
}

/// A number that cannot be read is hidden whole.
fn masked(contact: Contact) -> Contact {
    let phone = Phone::parse(&contact.phone).map(|phone| phone.masked());
    Contact {
        phone: phone.unwrap_or_default(),
        ..contact
    }
}
