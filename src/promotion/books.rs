//! Whether orders earned what promotions did for them (`souk audit`).

use sqlx::PgConnection;

use super::queries;
use crate::error::Result;

/// One sentence for each promotion of an order that differs.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    queries::orders(sql).await
}
