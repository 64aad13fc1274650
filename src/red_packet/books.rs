//! Whether red packets add up (`souk audit`): shares are the total to the minor unit, nobody took what was not there, the ledger says the same, and the
//! revealed seed gives the shares.

use sqlx::PgConnection;

use super::{file::PacketFile, queries, queries::books::Over};
use crate::{error::Result, money::Money};

/// One sentence for each red packet that differs.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let mut differences = queries::books::counters(sql).await?;
    let mut after = None;
    while let Some(over) = queries::books::next_over(sql, after).await? {
        after = Some(over.id);
        let takes = queries::takes(sql, over.id).await?;
        let shares = queries::books::shares(sql, over.id).await?;
        let sent = (over.id, over.rules.clone(), over.seed.clone());
        if let Some(wrong) = differs(PacketFile::of(sent, takes), &over, &shares) {
            differences.push(format!("red packet {}: {wrong}", over.id));
        }
    }
    Ok(differences)
}

/// What is wrong with what was written down of a red packet.
fn differs(made: anyhow::Result<PacketFile>, over: &Over, shares: &[Money]) -> Option<String> {
    let file = match made {
        Ok(file) => file,
        Err(error) => return Some(format!("it cannot be split again: {error:#}")),
    };
    if file.commitment != over.commitment {
        return Some("its commitment is not that of its seed and rules".to_owned());
    }
    if file.shares != shares {
        return Some("its shares are not those that its seed gives".to_owned());
    }
    file.verify().err().map(|error| format!("{error:#}"))
}
