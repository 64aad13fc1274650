//! Whether the money adds up (`souk audit`).

use sqlx::PgConnection;

use super::queries;
use crate::error::Result;

/// One sentence for each order whose payments, refunds and ledger differ.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    queries::differences(sql).await
}
