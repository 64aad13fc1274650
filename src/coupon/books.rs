//! Whether coupons add up (`souk audit`).

use sqlx::PgConnection;

use super::queries::books as queries;
use crate::error::Result;

/// One sentence for each template, gift, coupon and order that differs.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let mut differences = queries::templates(sql).await?;
    differences.extend(queries::gifts(sql).await?);
    differences.extend(queries::orders(sql).await?);
    differences.extend(queries::batches(sql).await?);
    Ok(differences)
}
