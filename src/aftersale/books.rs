//! Whether cases add up (`souk audit`).

use sqlx::PgConnection;

use super::queries::books as queries;
use crate::error::Result;

/// One sentence for each case, or line under one, that differs from its refunds, its units or its history.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let mut differences = queries::refunds(sql).await?;
    differences.extend(queries::lines(sql).await?);
    differences.extend(queries::states(sql).await?);
    Ok(differences)
}
