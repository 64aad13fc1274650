//! Writes drafts into the log, and in the same transaction what goes with them: what they quote is looked at while the
//! conversation is locked, so that no quote shows words that were recalled before it was said.

use std::borrow::Borrow;

use jiff::Timestamp;
use sqlx::PgConnection;

use super::{
    Draft,
    load::Name,
    queries::{self, Outcome},
    quote,
};

/// Nothing goes with these drafts: the bare statement will do.
pub(super) fn plain(drafts: &[impl Borrow<Draft>]) -> bool {
    drafts
        .iter()
        .all(|draft| draft.borrow().message.quote.is_none())
}

/// Judges, numbers and writes a batch with what goes with it. One answer for each draft, in its order.
pub(super) async fn write(
    sql: &mut PgConnection,
    drafts: &[impl Borrow<Draft>],
    now: Timestamp,
) -> sqlx::Result<Vec<Outcome>> {
    let mut outcomes = queries::append(&mut *sql, drafts, now).await?;
    let said: Vec<(&Draft, &mut Outcome)> = drafts
        .iter()
        .map(Borrow::borrow)
        .zip(&mut outcomes)
        .filter(|(_, outcome)| outcome.verdict == "posted")
        .collect();
    draw_quotes(sql, said).await?;
    Ok(outcomes)
}

async fn draw_quotes(
    sql: &mut PgConnection,
    said: Vec<(&Draft, &mut Outcome)>,
) -> sqlx::Result<()> {
    let (names, answers): (Vec<Name>, Vec<&mut Outcome>) = said
        .into_iter()
        .filter_map(|(draft, outcome)| {
            let quote = draft.message.quote.as_ref()?;
            Some(((draft.conversation, quote.number), outcome))
        })
        .unzip();
    let quotes = quote::as_they_are(sql, &names).await?;
    for (answer, quote) in answers.into_iter().zip(quotes) {
        answer.quote = Some(quote);
    }
    Ok(())
}
