//! Logging in: with a password, on a new device also with a code (ACC-09), always with both if its owner wants (ACC-10);
//! whoever has no password, and customers anyway, with a code alone. That opens the account of whoever a shop has invited
//! to its staff: nobody has an account by what others did with their number.

use std::net::IpAddr;

use jiff::SignedDuration;

use super::{
    Device,
    hasher::HashingFault,
    password::Password,
    queries::user::{self as queries, Login},
    session::{self, LoggedIn},
};
use crate::{
    actor::AccountKind,
    app::App,
    code::{
        self, Claim, Proof, Proved, Purpose,
        contact::Contact,
        limit::{self, Subject},
    },
    error::{Error, Reason, Refusal, Result, refused_argument, refused_until},
    pace::neighbourhood,
};

/// What somebody logs in with.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// The kind of account.
    pub account: AccountKind,
    /// Whose account.
    pub contact: Contact,
    /// A password; customers may leave it out and give a code.
    pub password: Option<String>,
    /// A code with the purpose `log_in`.
    pub proof: Option<Proof>,
    /// On which client.
    pub device: Device,
    /// From which address.
    pub from: IpAddr,
}

/// Logs in. Refuses with `wrong_credentials` (also when nobody has this number), `challenge_required` (the password was
/// right; a code is needed too), `code_wrong`, `code_expired`, `rate_limited`, `overloaded`.
pub async fn log_in(app: &App, asked: LogIn) -> Result<LoggedIn> {
    let address = Subject::new(&["failures from", &neighbourhood(asked.from).to_string()]);
    let limited = !app.config.exempts(asked.from);
    if limited {
        let most = app.config.login.failures_per_address;
        limit::take(app, &address, most, SignedDuration::from_hours(1)).await?;
    }
    let (login, proved) = prove_all(app, &asked).await?;
    let logged_in = enter(app, &asked, login, proved).await?;
    if limited {
        limit::give_back(app, &address).await?;
    }
    Ok(logged_in)
}

/// With the account that was found, or with the one that an invitation opens now.
async fn enter(
    app: &App,
    asked: &LogIn,
    login: Option<Login>,
    proved: Option<Proved>,
) -> Result<LoggedIn> {
    let (now, mut tx) = (app.clock.now(), app.store.begin_people().await?);
    if let Some(proved) = proved {
        proved.use_up(&mut tx, now).await?;
    }
    let (kind, contact) = (asked.account.word(), asked.contact.key());
    let user = match login {
        Some(login) => Some(login.user),
        None => queries::invited(&mut tx, kind, &contact, now).await?,
    };
    let user = user.ok_or(Refusal::WrongCredentials)?;
    let logged_in = session::open(app, &mut tx, user, &asked.device).await?;
    tx.commit().await?;
    Ok(logged_in)
}

/// Everything that this account asks for on this device; the code still to be used up. No account: the number was proved by
/// the code alone.
async fn prove_all(app: &App, asked: &LogIn) -> Result<(Option<Login>, Option<Proved>)> {
    let key = asked.contact.key();
    let found = queries::login(
        app.store.pool(),
        asked.account.word(),
        &key,
        &asked.device.id,
    );
    let found = found.await?;
    if let Some(password) = &asked.password {
        check_password(app, asked, password, found.as_ref()).await?;
    } else if asked.proof.is_none() {
        return Err(refused_argument("password", "is missing"));
    }
    let proved = match &asked.proof {
        Some(proof) => {
            let known = found.as_ref().filter(|login| login.device_known);
            let place = known.map(|_| &*asked.device.id);
            Some(code::check(app, &claim(asked), proof, place).await?)
        }
        None => None,
    };
    let Some(login) = found else {
        let alone = proved.filter(|_| asked.password.is_none());
        return Ok((None, Some(alone.ok_or(Refusal::WrongCredentials)?)));
    };
    if asked.password.is_none() && !login.by_code_alone(asked.account) {
        return Err(refused_argument("password", "is missing"));
    }
    if proved.is_none() && (login.two_factor || !login.device_known) {
        return Err(challenge(asked));
    }
    Ok((Some(login), proved))
}

impl Login {
    /// Customers may; a merchant may until they have set a password: whoever came by an invitation has none yet.
    fn by_code_alone(&self, account: AccountKind) -> bool {
        !self.two_factor && (account == AccountKind::Customer || self.password_hash.is_none())
    }
}

/// Wrong guesses are counted apart for strangers and for each device that the account knows: strangers cannot lock its
/// owner out.
async fn check_password(
    app: &App,
    asked: &LogIn,
    password: &str,
    found: Option<&Login>,
) -> Result<()> {
    let known = found.filter(|login| login.device_known);
    let device = known.map_or("", |_| &asked.device.id);
    let contact = asked.contact.key();
    let subject = Subject::new(&["password of", asked.account.word(), &contact, device]);
    limit::attempt(app, &subject).await?;
    let password = Password::offered(password).ok_or(Refusal::WrongCredentials)?;
    let stored = found.and_then(|login| login.password_hash.clone());
    if !app.hasher.verify(password, stored).await? {
        return Err(Refusal::WrongCredentials.into());
    }
    limit::succeeded(app, &subject).await
}

fn claim(asked: &LogIn) -> Claim {
    Claim {
        contact: asked.contact.clone(),
        account: asked.account,
        purpose: Purpose::LogIn,
    }
}

fn challenge(asked: &LogIn) -> Error {
    let to = asked.contact.masked();
    Error::Refused(Box::new(Reason {
        code: Refusal::ChallengeRequired,
        field: "proof".to_owned(),
        sentence: Some(format!(
            "Ask for a code to {to} with the purpose `log_in`, and log in again with it as `proof`."
        )),
        retry_after: None,
    }))
}

impl From<HashingFault> for Error {
    fn from(fault: HashingFault) -> Self {
        match fault {
            HashingFault::Busy => {
                refused_until(Refusal::Overloaded, std::time::Duration::from_secs(1))
            }
            broken => Self::Broken(broken.into()),
        }
    }
}
