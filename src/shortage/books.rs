//! Whether what is short adds up (`souk audit`).

use sqlx::PgConnection;

use super::queries;
use crate::error::Result;

/// One sentence for each line whose short units are not those of its open shortage, or are held.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    queries::differences(sql).await
}
