//! A shop's rules on parcels.

use crate::{error::Result, parcel::rules::ParcelRules, store::Tx};

/// The shop's rules; one without a row has the default.
pub(in crate::parcel) async fn rules(tx: &mut Tx) -> Result<ParcelRules> {
    let shop = tx.shop()?;
    let rules = sqlx::query_as!(
        ParcelRules,
        "select late_after_days from parcel_rules where shop_id = $1",
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(rules.unwrap_or_default())
}

pub(in crate::parcel) async fn set_rules(tx: &mut Tx, rules: ParcelRules) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into parcel_rules (shop_id, late_after_days)
        values ($1, $2)
        on conflict (shop_id) do update
        set late_after_days = excluded.late_after_days
        ",
        shop.0,
        rules.late_after_days
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
