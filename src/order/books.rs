//! Whether orders add up (`souk audit`).

use sqlx::PgConnection;

use super::queries;
use crate::error::Result;

/// One sentence for each order that differs from its lines, its history or its refunds.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let mut differences = queries::books::sums(sql).await?;
    differences.extend(queries::books::states(sql).await?);
    Ok(differences)
}
