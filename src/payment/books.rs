//! Whether the money adds up (`souk audit`).

use sqlx::PgConnection;

use super::queries;
use crate::error::Result;

/// One sentence for each order whose payments, refunds and ledger differ, for each account whose total is not its entries', and for
/// each customer whose balance is not theirs.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let mut said = queries::differences(&mut *sql).await?;
    said.extend(queries::totals(&mut *sql).await?);
    said.extend(queries::wrong_balances(sql).await?);
    Ok(said)
}
