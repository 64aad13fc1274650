//! What a shop says of its customers, in four dimensions (CRM-02), said of one or of many at once (CRM-04).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{keep::KEPT, queries};
use crate::{
    actor::{Chat, SeeCustomers, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::UserId,
    rights,
    store::page,
    words,
};

/// Characters of a tag's name at most.
pub(super) const NAME: usize = 40;
/// Customers who are tagged at once at most.
const AT_ONCE: usize = 500;
/// Tags of one customer at most.
const MOST: i64 = 100;

/// What a tag is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = TagDimension)]
pub enum Dimension {
    /// How much they spend.
    Spending,
    /// How often they buy.
    Frequency,
    /// What they like.
    Preference,
    /// Where they come from.
    Source,
}

impl Dimension {
    /// As the database has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Spending => "spending",
            Self::Frequency => "frequency",
            Self::Preference => "preference",
            Self::Source => "source",
        }
    }
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// What it is about.
    pub dimension: Dimension,
    /// 1 to 40 characters.
    pub name: String,
}

/// A tag that a customer carries.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CarriedTag {
    /// Which.
    #[serde(flatten)]
    pub tag: Tag,
    /// The server keeps it by the shop's thresholds, or has seen it by itself.
    pub automatic: bool,
}

/// A tag, and how many carry it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TagCount {
    /// Which.
    #[serde(flatten)]
    pub tag: Tag,
    /// How many customers carry it.
    pub customers: i64,
}

/// A customer in the shop's list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Known {
    /// Who.
    pub user_id: UserId,
    /// As others see them.
    pub name: String,
    /// What the shop says of them.
    pub tags: Vec<CarriedTag>,
}

/// Customers, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerPage {
    /// In order of their user ids.
    pub customers: Vec<Known>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// Tags customers: who carries it already, carries it once. Says how many carry it anew. Refuses with `invalid_argument` what is no name or what the
/// server keeps by itself, more than 500 people, and with `not_found` unless all of them are customers of the shop; with `quota_exceeded` beyond 100
/// tags of one customer.
pub async fn tag(app: &App, by: &Staff<Chat>, tag: &Tag, customers: &[UserId]) -> Result<u64> {
    let tag = tag.by_hand()?;
    if customers.is_empty() || customers.len() > AT_ONCE {
        return Err(refused_argument("customer_ids", "are 1 to 500"));
    }
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::know_all(&mut tx, customers).await? {
        return Err(Refusal::NotFound.into());
    }
    let tagged = queries::add_tag(&mut tx, &tag, customers, by.actor.user, now).await?;
    if queries::most_tags(&mut tx, customers).await? > MOST {
        return Err(Refusal::QuotaExceeded.into());
    }
    let deed = Deed::new(by.actor.user, "customers.tagged", by.shop)
        .after(json!({ "tag": tag, "customer_ids": customers }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(tagged)
}

/// Takes a tag off a customer. Refuses with `not_found` who does not carry it, and with `invalid_argument` what the server keeps by itself.
pub async fn untag(app: &App, by: &Staff<Chat>, customer: UserId, tag: &Tag) -> Result<()> {
    let tag = tag.by_hand()?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::remove_tag(&mut tx, &tag, customer).await? {
        return Err(Refusal::NotFound.into());
    }
    let deed = Deed::new(by.actor.user, "customer.untagged", customer).before(json!(tag));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

/// All tags of the shop, with how many carry each: of `source`, the channels that customers came by.
pub async fn tags(app: &App, by: &Staff<Chat>) -> Result<Vec<TagCount>> {
    let mut tx = app.store.begin(by.shop).await?;
    queries::tags(&mut tx).await
}

/// The shop's customers; of those who carry a tag, if one is given. Refuses a bad cursor or limit (1 to 200, 0 means 50) with `invalid_argument`.
pub async fn customers(
    app: &App,
    by: &Staff<SeeCustomers>,
    tag: Option<&Tag>,
    cursor: &str,
    limit: u32,
) -> Result<CustomerPage> {
    let limit = page::limit(limit, 50, 200)?;
    let after: Option<UserId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut customers = queries::customers(&mut tx, tag, after, limit + 1).await?;
    let next_cursor = page::next(&mut customers, limit, |last| last.user_id);
    Ok(CustomerPage {
        customers,
        next_cursor,
    })
}

impl Tag {
    /// The same as staff may set it.
    fn by_hand(&self) -> Result<Self> {
        let name = words::line("name", &self.name, NAME)?;
        if KEPT.contains(&name) {
            return Err(refused_argument("name", "is kept by the server itself"));
        }
        Ok(Self {
            dimension: self.dimension,
            name: name.to_owned(),
        })
    }
}
