//! What a customer has asked about, for staff who talk with them.

use jiff::Timestamp;
use serde::Serialize;

use super::queries;
use crate::{
    actor::{Chat, Staff},
    app::App,
    error::Result,
    id::{FileId, ProductId, UserId},
    money::Money,
    store::page,
};

/// A product that a customer asked about, as it is now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Enquiry {
    /// Which.
    pub product_id: ProductId,
    /// Its title.
    pub title: String,
    /// Its main picture.
    pub picture: Option<FileId>,
    /// What one piece is sold for now, in minor units of the shop's currency.
    pub price: Money,
    /// Customers see it in the catalogue.
    pub listed: bool,
    /// How often they asked.
    pub times: i32,
    /// The first time.
    #[schema(value_type = String)]
    pub first_asked_at: Timestamp,
    /// The last time.
    #[schema(value_type = String)]
    pub asked_at: Timestamp,
    /// The message of their conversation that shows it as it was then.
    pub card_number: Option<i64>,
}

/// Enquiries, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EnquiryPage {
    /// What was asked about last comes first.
    pub enquiries: Vec<Enquiry>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// A page of what a customer has asked the shop about; nothing, of somebody who never did. Refuses a bad cursor or limit (1 to 100, 0 means
/// 30) with `invalid_argument`.
pub async fn of_customer(
    app: &App,
    by: &Staff<Chat>,
    customer: UserId,
    cursor: &str,
    limit: u32,
) -> Result<EnquiryPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<(Timestamp, ProductId)> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut enquiries =
        queries::page(&mut tx, customer, before, limit + 1, app.clock.now()).await?;
    Ok(EnquiryPage {
        next_cursor: page::next(&mut enquiries, limit, |last| {
            (last.asked_at, last.product_id)
        }),
        enquiries,
    })
}
