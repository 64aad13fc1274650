//! Is every level what its journal says?

use sqlx::PgConnection;

use super::queries::books as queries;

/// Recomputes every level and every hold from the journal, and names each that differs.
pub async fn differences(sql: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let levels = queries::wrong_levels(sql).await?;
    let holds = queries::wrong_holds(sql).await?;
    let levels = levels.into_iter().map(|wrong| {
        format!(
            "stock of variant {}: {} on hand and {} held, by its journal {} and {}",
            wrong.variant, wrong.on_hand, wrong.held, wrong.journal_on_hand, wrong.journal_held
        )
    });
    let holds = holds.into_iter().map(|wrong| {
        format!(
            "stock of variant {} for holder {}: held, taken, returned are {:?}, by the journal {:?}",
            wrong.variant, wrong.holder, wrong.kept, wrong.journal
        )
    });
    Ok(levels.chain(holds).collect())
}
