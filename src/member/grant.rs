//! Staff make somebody a member, change what a member gets, or end it.

use serde_json::json;

use super::{Membership, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::UserId,
    money::BasisPoints,
    rights,
};

/// From now on the customer gets so much off; 0 ends it. Orders that were placed keep their prices.
///
/// Refuses with `not_found` who has no conversation with the shop, with `invalid_argument` what would leave nothing to pay.
pub async fn grant(
    app: &App,
    by: &Staff<ManageCampaigns>,
    customer: UserId,
    membership: Membership,
) -> Result<Membership> {
    let off = u32::from(membership.off);
    if off > 9_999 {
        return Err(refused_argument("off", "is 0 to 9999 basis points"));
    }
    let (mut tx, now) = (app.store.begin(by.shop).await?, app.clock.now());
    rights::rely(&mut tx, by).await?;
    let before = queries::hold(&mut tx, customer).await?;
    let before = before.ok_or(Refusal::NotFound)?;
    if before == membership.off {
        return Ok(membership);
    }
    match membership.off {
        BasisPoints::ZERO => queries::end(&mut tx, customer).await?,
        off => queries::grant(&mut tx, customer, off, by.actor.user, now).await?,
    }
    let deed = Deed::new(by.actor.user, "member.changed", customer)
        .before(json!({ "off": before }))
        .after(json!(membership));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(membership)
}
