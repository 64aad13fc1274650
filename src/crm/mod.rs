//! People who buy, as a shop knows them: whoever came by a link, follows it, is in one of its groups or has a conversation with it
//! (`customers`, kept by the database itself). Tags say what they are like, segments find those who meet a condition.

pub mod ban;
pub mod condition;
pub mod follow_up;
pub mod keep;
pub mod profile;
mod queries;
pub mod rules;
pub mod segment;
pub mod tag;
pub mod wish;

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

fn masked(contact: Contact) -> Contact {
    let phone = mask(&contact.phone);
    Contact { phone, ..contact }
}

/// A number that cannot be read is hidden whole.
fn mask(phone: &str) -> String {
    let phone = Phone::parse(phone).map(|phone| phone.masked());
    phone.unwrap_or_default()
}
