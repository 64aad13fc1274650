//! What staff see of a customer beside the chat (CRM-06): what they bought, what the shop says of them, what they said and asked about.

use jiff::Timestamp;
use serde::Serialize;

use super::{mask, queries, tag::CarriedTag};
use crate::{
    actor::{Chat, Staff},
    app::App,
    error::{Refusal, Result},
    id::{ConversationId, OrderId, ProductId, UserId},
    money::Money,
};

/// Purchases, products and messages that a profile shows at most, the latest ones.
pub(super) const LATEST: i64 = 20;

/// A customer as the shop knows them.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CustomerProfile)]
pub struct Profile {
    /// Who.
    pub user_id: UserId,
    /// As others see them.
    pub name: String,
    /// In clear for those who may see customers, else masked; empty if none is known.
    pub phone: String,
    /// Their conversation with the shop; null: they have none yet.
    pub conversation_id: Option<ConversationId>,
    /// Since when the shop knows them.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// They take no campaigns.
    pub opted_out: bool,
    /// What the shop says of them.
    pub tags: Vec<CarriedTag>,
    /// What they have spent in all, in minor units.
    pub spent: Money,
    /// How often they have bought.
    pub purchases: i64,
    /// When last.
    #[schema(value_type = Option<String>)]
    pub bought_at: Option<Timestamp>,
    /// What they bought, the latest first, at most 20 lines.
    pub bought: Vec<Bought>,
    /// Products that they asked about, the latest first, at most 20.
    pub asked_about: Vec<AskedAbout>,
    /// What they said last in their conversation, cards apart, the latest first, at most 20.
    pub said: Vec<Said>,
}

/// A line of an order.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Bought {
    /// Which order.
    pub order_id: OrderId,
    /// What.
    pub product_id: ProductId,
    /// As it was called then.
    pub title: String,
    /// How many, without those that were given back.
    pub units: i32,
    /// When it was paid.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// A product that somebody asked about.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AskedAbout {
    /// Which.
    pub product_id: ProductId,
    /// As it is called now.
    pub title: String,
    /// How often.
    pub times: i32,
    /// The last time.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Something that a customer said.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Said {
    /// The message's number.
    pub number: i64,
    /// Its words, a caption or a card's summary; the first 200 characters.
    pub text: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// A customer's profile. Refuses with `not_found` whom the shop does not know.
pub async fn profile(app: &App, by: &Staff<Chat>, customer: UserId) -> Result<Profile> {
    let mut tx = app.store.begin(by.shop).await?;
    let found = queries::profile(&mut tx, customer).await?;
    let mut profile = found.ok_or(Refusal::NotFound)?;
    profile.bought = queries::bought(&mut tx, customer, LATEST).await?;
    profile.asked_about = queries::asked_about(&mut tx, customer, LATEST).await?;
    if let Some(conversation) = profile.conversation_id {
        profile.said = queries::said(&mut tx, conversation, customer, LATEST).await?;
    }
    if !by.actor.may(proto::Permission::SeeCustomers, by.shop) {
        profile.phone = mask(&profile.phone);
    }
    Ok(profile)
}
