//! Seal anew what lies in a table's rows, after a change of keys.

use super::Vault;

/// Seals with the current key whatever is not, some rows at a time, so that a former key is needed no more when all nodes have started anew.
/// `kept` gives rows that are sealed otherwise than with the key of a mark, `row` what a row is called, and `put` writes one back if it
/// still is what it was. Ends when there are none. Fails if a key is missing.
pub async fn renew<Id: Copy, E: Into<anyhow::Error>>(
    vault: &Vault,
    row: impl Fn(Id) -> String,
    mut kept: impl AsyncFnMut(&str) -> Result<Vec<(Id, String)>, E>,
    mut put: impl AsyncFnMut(Id, &str, &str) -> Result<(), E>,
) -> anyhow::Result<()> {
    let mark = vault.mark();
    loop {
        let some = kept(&mark).await.map_err(Into::into)?;
        if some.is_empty() {
            return Ok(());
        }
        for (id, sealed) in some {
            let renewed = vault.renew(&row(id), &sealed)?;
            put(id, &sealed, &renewed).await.map_err(Into::into)?;
        }
    }
}
