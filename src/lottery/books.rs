//! Whether draws add up (`souk audit`): the list has no gap and no broken link, and the winners are those that the revealed seed gives.

use sqlx::PgConnection;

use super::{
    fair::{Awaited, LeftOut, Ticket},
    file::{Closed, DrawFile},
    queries::books::{self as queries, Held, Written},
    rules::Rules,
};
use crate::{beacon::Value, clock::millis, error::Result};

/// One sentence for each draw that differs.
pub async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let mut differences = queries::counters(sql).await?;
    let mut after = None;
    while let Some(held) = queries::next_held(sql, after).await? {
        after = Some(held.id);
        let (tickets, left_out) = super::queries::list_of(sql, held.id).await?;
        let written = queries::written(sql, held.id).await?;
        let file = held.file(tickets, left_out);
        if let Some(wrong) = differs(file, &held, &written) {
            differences.push(format!("draw {}: {wrong}", held.id));
        }
    }
    Ok(differences)
}

/// What is wrong with what was written down of a draw.
fn differs(decided: anyhow::Result<DrawFile>, held: &Held, written: &[Written]) -> Option<String> {
    let file = match decided {
        Ok(file) => file,
        Err(error) => return Some(format!("it cannot be decided again: {error:#}")),
    };
    if file.commitment != held.commitment {
        return Some("its commitment is not that of its seed and rules".to_owned());
    }
    if held
        .close_hash
        .as_ref()
        .is_some_and(|hash| *hash != file.close.hash)
    {
        return Some("its list is not the one that was closed".to_owned());
    }
    if let Err(error) = file.verify() {
        return Some(format!("{error:#}"));
    }
    let right = file.winners.iter().chain(&file.substitutes);
    let right = right.map(|place| (place.place, &place.person, place.ticket, &place.score));
    let said = written.iter().map(Written::decided);
    if !right.eq(said) {
        return Some("its winners are not those that its seed and list give".to_owned());
    }
    let Ok(rules) = serde_json::from_str::<Rules>(file.rules.get()) else {
        return Some("its rules cannot be read".to_owned());
    };
    let won = written.iter().zip(rules.prizes_in_order());
    won.into_iter()
        .any(|(place, prize)| place.prize != Some(prize))
        .then(|| "its prizes are not given in the order of its places".to_owned())
}

impl Held {
    fn file(&self, tickets: Vec<Ticket>, left_out: Vec<LeftOut>) -> anyhow::Result<DrawFile> {
        let closed = Closed {
            draw: self.id,
            rules: self.rules.clone(),
            seed: self.seed.clone(),
            awaited: self.round.map(|round| Awaited {
                at: millis(self.closed_at.to_jiff()),
                round: round.unsigned_abs(),
            }),
            tickets,
            left_out,
        };
        let called_off = self.cancelled_at.map(|at| millis(at.to_jiff()));
        let called_off = called_off.zip(self.cancelled_because.clone());
        DrawFile::of(closed, self.signature.as_deref().map(Value::of), called_off)
    }
}

impl Written {
    fn decided(&self) -> (u32, &String, u32, &String) {
        let (place, ticket) = (self.place.unsigned_abs(), self.ticket.unsigned_abs());
        (place, &self.person, ticket, &self.score)
    }
}
