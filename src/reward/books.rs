//! Whether what was given lies in wallets (`souk audit`).

use sqlx::PgConnection;

use super::queries::books as queries;
use crate::error::Result;

/// One sentence for each grant and each earned coupon that has no counterpart.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let mut differences = queries::grants(sql).await?;
    differences.extend(queries::coupons(sql).await?);
    Ok(differences)
}
