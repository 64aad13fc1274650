//! Sending a code to a phone or an e-mail address.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    Claim, Purpose, code_key,
    digits::{Code, TRIES},
    gateway::{Letter, Way},
    limit::{self, Subject},
    queries::code as queries,
};
use crate::{app::App, error::Result, pace::neighbourhood};

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
/// Where there is no account to log in to, nor an invitation to open one by, nothing is sent and the answer is the same: it
/// does not tell who has one.
pub async fn send(app: &App, claim: &Claim, from: IpAddr) -> Result<Requested> {
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
