//! Find the merchant account of a phone number, or open one that its owner proves later by a code.

use jiff::Timestamp;

use super::queries;
use crate::{code::phone::Phone, error::Result, id::UserId, store::Tx};

/// The one merchant account of this number (ACC-07). A new one has no password: whoever gets the codes of that number
/// logs in, nobody else.
pub async fn of_phone(tx: &mut Tx, phone: &Phone, name: &str, now: Timestamp) -> Result<UserId> {
    Ok(queries::user::merchant_of_phone(tx, phone.as_str(), name, now).await?)
}
