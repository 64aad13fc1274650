//! Checking a code that came back: one try each, so many wrong ones in a day.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    Claim, Proof, code_key,
    digits::{Code, CodeHash},
    limit::{self, Subject},
    queries::code as queries,
};
use crate::{
    app::App,
    error::{Error, Refusal, Result},
    store::Tx,
};

/// A code that was right and is still to be used up.
#[must_use = "a code that is not used up can be used again"]
pub(crate) struct Proved(Uuid);

/// Is it the code? A try is spent whatever the answer. Refuses with `code_wrong`; with `code_expired` also after the
/// last try, and when the code was sent for something else; with `rate_limited` after too many wrong ones in a day.
///
/// Each code has its tries, but there are many codes in a day. So wrong ones are counted for each contact, too, apart for
/// strangers and for each `place` that its owner has been to (a known device, an account with a session): whoever spends
/// the strangers' share keeps new devices out for the day, not the owner from where they are known.
pub(crate) async fn check(
    app: &App,
    claim: &Claim,
    proof: &Proof,
    place: Option<&str>,
) -> Result<Proved> {
    let code = Code::parse(&proof.code).map_err(|_| Refusal::CodeWrong)?;
    let contact = claim.contact.key();
    let subject = Subject::new(&["wrong codes for", &contact, place.unwrap_or_default()]);
    let (most, day) = (
        app.config.login.wrong_codes_per_day,
        SignedDuration::from_hours(24),
    );
    // Taken before the code is looked at: many at once are no way around it. What was no guess at a code is given back,
    // or whoever knows a number could spend its share without a text being sent there.
    limit::take(app, &subject, most, day).await?;
    let proved = compare(app, claim, proof, &code).await;
    let wrong = |error: &Error| error.refusal() == Some(Refusal::CodeWrong);
    if !proved.as_ref().is_err_and(wrong) {
        limit::give_back(app, &subject).await?;
    }
    proved
}

async fn compare(app: &App, claim: &Claim, proof: &Proof, code: &Code) -> Result<Proved> {
    let key = code_key(app).await?;
    let (contact, now) = (claim.contact.key(), app.clock.now());
    let what = (claim.account.word(), &contact[..], claim.purpose.word());
    let hash = queries::spend_try(app.store.pool(), proof.request_id, what, now).await?;
    let hash = hash.ok_or(Refusal::CodeExpired)?;
    let hash = CodeHash(hash.try_into().unwrap_or_default());
    if hash.matches(code, &key, proof.request_id) {
        Ok(Proved(proof.request_id))
    } else {
        Err(Refusal::CodeWrong.into())
    }
}

impl Proved {
    /// Uses the code up with the work that it proves. Refuses with `code_expired` if somebody was faster.
    pub(crate) async fn use_up(self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        if queries::use_up(tx.sql(), self.0, now).await? {
            Ok(())
        } else {
            Err(Refusal::CodeExpired.into())
        }
    }
}
