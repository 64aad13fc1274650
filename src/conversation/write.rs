//! Writes drafts into the log, and in the same transaction, while their conversations are locked, what goes with them: the
//! files that they carry may be fetched, if and only if the message is said; and what they quote is looked at, so that no
//! quote shows words that were recalled before it was said.

use std::borrow::Borrow;

use jiff::Timestamp;
use sqlx::PgConnection;

use super::{
    Draft, attachment,
    load::Name,
    queries::{self, Outcome},
    quote,
};
use crate::media::{self, Carrier};

/// Nothing goes with these drafts: the bare statement will do.
pub(super) fn plain(drafts: &[impl Borrow<Draft>]) -> bool {
    drafts
        .iter()
        .map(Borrow::borrow)
        .all(|draft| draft.message.quote.is_none() && attachment::files(&draft.message).is_empty())
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
    media::grant(sql, &carriers(&said)).await?;
    draw_quotes(sql, said).await?;
    Ok(outcomes)
}

fn carriers(said: &[(&Draft, &mut Outcome)]) -> Vec<Carrier> {
    let carriers = said.iter().flat_map(|(draft, outcome)| {
        let number = outcome.number.unwrap_or_default();
        attachment::carriers(&draft.message, draft.conversation, number)
    });
    carriers.collect()
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
