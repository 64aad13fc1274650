//! Proving a phone or an e-mail address: a code is sent there and comes back (ACC-03).

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    AccountKind,
    code::{Code, CodeHash, CodeKey, TRIES},
    contact::Contact,
    gateway::{Letter, Way},
    limit::{self, Subject},
    queries::code as queries,
};
use crate::{
    app::App,
    error::{Error, Refusal, Result},
    pace::neighbourhood,
    store::Tx,
};

/// What a code is for; it proves nothing else.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To open an account.
    Register,
    /// To log in, or to prove a new device.
    LogIn,
    /// To set a password, or to change how one logs in.
    SetPassword,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::LogIn => "log_in",
            Self::SetPassword => "set_password",
        }
    }
}

/// What is to be proved: that whoever asks holds `contact`, for an account of a kind.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose code.
    pub contact: Contact,
    /// The kind of account.
    pub account: AccountKind,
    /// What for.
    pub purpose: Purpose,
}

/// A code that was sent, as its owner gives it back.
#[derive(Clone, Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// From `POST /codes`.
    pub request_id: Uuid,
    /// Six digits.
    pub code: String,
}

/// A request for a code that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Requested {
    /// Comes back with the code.
    pub id: Uuid,
    /// The code is good until then.
    pub expires_at: Timestamp,
}

/// Sends a code. Refuses with `rate_limited` (too many to one contact in a day or from one address in an hour), and with
/// `unavailable` where codes cannot be sent now.
///
/// Where there is no account to log in to, nothing is sent and the answer is the same: it does not tell who has one.
pub async fn send_code(app: &App, claim: &Claim, from: IpAddr) -> Result<Requested> {
    let way = app.ways.to(&claim.contact);
    let place = way.place(app.clock.now())?;
    count(app, claim, from).await?;
    let (id, code) = (Uuid::now_v7(), Code::generate(&mut rand::rng()));
    let now = app.clock.now();
    let expires_at = now + SignedDuration::from_mins(app.config.login.code_minutes);
    let letter = letter(app, claim, id, &code);
    let new = queries::NewCode {
        id,
        account: claim.account.word(),
        contact: &claim.contact.key(),
        purpose: claim.purpose.word(),
        hash: &code.hash(&code_key(app).await?, id).0,
        tries: i16::try_from(TRIES).unwrap_or(1),
        channel: letter.channel,
        recipient: &letter.to,
        text: &letter.text,
        keeps_text: matches!(way, Way::Page),
        to_strangers: claim.purpose == Purpose::Register,
    };
    let goes = queries::add(app.store.pool(), &new, now, expires_at).await?;
    if let (Way::Gateway(gateway), true) = (way, goes) {
        let (gateway, clock) = (gateway.clone(), app.clock.clone());
        let sending = app.tasks.spawn(async move {
            let _place = place;
            gateway.send(&clock, &letter).await
        });
        // Whoever registers is told that it failed. For the others the time it takes would tell who has an account.
        if claim.purpose == Purpose::Register {
            sending.await.map_err(anyhow::Error::from)??;
        }
    }
    Ok(Requested { id, expires_at })
}

/// So many from one address in an hour, so many to one contact in a day: whoever asks too much spends nobody else's.
async fn count(app: &App, claim: &Claim, from: IpAddr) -> Result<()> {
    let (login, contact) = (&app.config.login, claim.contact.key());
    if !app.config.exempts(from) {
        let by = Subject::new(&["codes by", &neighbourhood(from).to_string()]);
        let hour = SignedDuration::from_hours(1);
        limit::take(app, &by, login.codes_per_address, hour).await?;
    }
    let to = Subject::new(&["codes to", &contact]);
    let day = SignedDuration::from_hours(24);
    limit::take(app, &to, login.codes_per_day, day).await
}

fn letter(app: &App, claim: &Claim, id: Uuid, code: &Code) -> Letter {
    let minutes = app.config.login.code_minutes;
    Letter {
        id,
        channel: claim.contact.channel(),
        to: claim.contact.address().to_owned(),
        text: text(code, minutes),
        code: code.reveal().to_owned(),
        minutes,
        purpose: claim.purpose.word(),
    }
}

fn text(code: &Code, minutes: i64) -> String {
    format!(
        "【Souk】{}，{minutes} 分钟内有效，请勿告诉他人。",
        code.reveal()
    )
}

async fn code_key(app: &App) -> Result<CodeKey> {
    let secret = queries::secret(app.store.pool()).await?;
    let secret = secret
        .try_into()
        .map_err(|_| anyhow::anyhow!("the secret `codes` has 32 bytes"))?;
    Ok(CodeKey::new(secret))
}

/// A code that was right and is still to be used up.
#[must_use = "a code that is not used up can be used again"]
pub(super) struct Proved(Uuid);

/// Is it the code? A try is spent whatever the answer. Refuses with `code_wrong`; with `code_expired` also after the
/// last try, and when the code was sent for something else; with `rate_limited` after too many wrong ones in a day.
///
/// Each code has its tries, but there are many codes in a day. So wrong ones are counted for each contact, too, apart for
/// strangers and for each `place` that its owner has been to (a known device, an account with a session): whoever spends
/// the strangers' share keeps new devices out for the day, not the owner from where they are known.
pub(super) async fn check(
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
    pub(super) async fn use_up(self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        if queries::use_up(tx.sql(), self.0, now).await? {
            Ok(())
        } else {
            Err(Refusal::CodeExpired.into())
        }
    }
}
