//! Be told when stock runs low (INV-03).

use serde_json::json;

use super::{Level, open::check_alert, queries};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::VariantId,
    rights,
};

/// From now on staff are alerted once when fewer than `below` units can be sold, and again only after there were enough in between;
/// `None`: never. Refuses with `not_found`, and with `invalid_argument` a number that is not 1 to 1,000,000,000.
pub async fn watch(
    app: &App,
    by: &Staff<ManageProducts>,
    variant: VariantId,
    below: Option<i64>,
) -> Result<Level> {
    check_alert(below)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let before = queries::lock(&mut tx, variant)
        .await?
        .ok_or(Refusal::NotFound)?;
    if before.alert_below == below {
        return Ok(before);
    }
    queries::watch(&mut tx, variant, below).await?;
    let deed = Deed::new(by.actor.user, "stock.alert_set", variant)
        .before(json!({ "alert_below": before.alert_below }))
        .after(json!({ "alert_below": below }));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Level {
        alert_below: below,
        ..before
    })
}
