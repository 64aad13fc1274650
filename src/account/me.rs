//! One's own account: seeing it and changing it.

use jiff::Timestamp;
use proto::{UserKind, json::Word as _};
use uuid::Uuid;

use super::{
    hasher::Salt,
    password::Password,
    queries::user::{self as queries, NewValues},
    register::new_password,
    session::{Session, revoke_others},
};
use crate::{
    actor::AccountKind,
    app::App,
    audit::{self, Deed},
    code::{
        self, Claim, Proof, Proved, Purpose,
        contact::Contact,
        limit::{self, Subject},
    },
    error::{Refusal, Result, refused_argument},
    id::{FileId, UserId},
    media,
    store::{Recheck, Tx},
};

/// A user as they see themselves.
#[derive(Clone)]
pub struct Me {
    /// Who.
    pub id: UserId,
    /// A word of `UserKind`.
    pub kind: String,
    /// As others see them.
    pub name: String,
    /// A picture, if they have one.
    pub avatar: Option<Uuid>,
    /// E.164.
    pub phone: Option<String>,
    /// In lower case.
    pub email: Option<String>,
    /// A code is asked for at every log-in.
    pub two_factor: bool,
    pub(super) password_hash: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// As others see them.
    pub name: Option<String>,
    /// Another picture, or none.
    pub avatar: Option<Avatar>,
    /// The new password, in the clear.
    pub new_password: Option<String>,
    /// Ask for a code at every log-in?
    pub two_factor: Option<bool>,
    /// The password now: `new_password` and `two_factor` need it or `proof`.
    pub current_password: Option<String>,
    /// A code with the purpose `set_password`.
    pub proof: Option<Proof>,
}

/// What others see beside the name.
#[derive(Clone, Copy, Debug)]
pub enum Avatar {
    /// This picture.
    Picture(FileId),
    /// No picture.
    Nothing,
}

/// One's own account.
pub async fn me(app: &App, session: &Session) -> Result<Me> {
    let me = queries::me(app.store.pool(), session.actor.user).await?;
    me.ok_or_else(|| Refusal::NotFound.into())
}

/// Changes one's own account. A new password ends the other sessions. Refuses with `wrong_credentials`, `code_wrong`,
/// `code_expired`, `rate_limited` (names and pictures are shown: they take from the pace of sends), the codes of the password rule, and a picture that is not one's own upload with
/// `invalid_argument`.
pub async fn change_me(app: &App, session: &Session, changes: Changes) -> Result<Me> {
    if changes.name.is_some() || changes.avatar.is_some() {
        app.sends.take(session.actor.user)?;
    }
    let now_is = me(app, session).await?;
    if let Some(Avatar::Picture(file)) = changes.avatar {
        check_picture(app, session, file).await?;
    }
    let proved = confirm(app, &now_is, &changes).await?;
    let hash = match &changes.new_password {
        Some(text) => Some(hash(app, &now_is, text).await?),
        None => None,
    };
    let values = NewValues {
        name: changes.name.as_deref(),
        sets_avatar: changes.avatar.is_some(),
        avatar: match changes.avatar {
            Some(Avatar::Picture(file)) => Some(file.0),
            Some(Avatar::Nothing) | None => None,
        },
        password_hash: hash.as_deref(),
        two_factor: changes.two_factor,
    };
    let mut tx = app.store.begin_people().await?;
    queries::change(tx.sql(), now_is.id, &values).await?;
    if let Some(proved) = proved {
        proved.use_up(&mut tx, app.clock.now()).await?;
    }
    follow_up(app, &mut tx, session, &changes).await?;
    tx.commit().await?;
    me(app, session).await
}

/// Whose files these are does not change, so what was checked stays true.
async fn check_picture(app: &App, session: &Session, file: FileId) -> Result<()> {
    let own = media::owned(app.store.pool(), &session.actor, file).await?;
    match own.filter(|file| file.kind == "picture") {
        Some(_) => Ok(()),
        None => Err(refused_argument("avatar", "is not a picture of your own")),
    }
}

/// What changes with it: other sessions, live sockets, the record.
async fn follow_up(app: &App, tx: &mut Tx, session: &Session, changes: &Changes) -> Result<()> {
    let (user, now) = (session.actor.user, app.clock.now());
    if changes.new_password.is_some() {
        revoke_others(tx, session, "password_changed", now).await?;
        let deed = Deed::new(user, "account.password_changed", user);
        audit::record(tx, deed, now).await?;
    }
    if let Some(on) = changes.two_factor {
        let deed = Deed::new(user, "account.two_factor_set", user)
            .after(serde_json::json!({ "two_factor": on }));
        audit::record(tx, deed, now).await?;
    }
    if changes.name.is_some() || changes.avatar.is_some() {
        tx.recheck(&[user], Recheck::Person, "account_changed")
            .await?;
    }
    Ok(())
}

/// Whoever changes how one logs in proves once more who they are.
async fn confirm(app: &App, me: &Me, changes: &Changes) -> Result<Option<Proved>> {
    if changes.new_password.is_none() && changes.two_factor.is_none() {
        return Ok(None);
    }
    match (&changes.proof, &changes.current_password) {
        (Some(proof), _) => {
            let claim = claim(me)?;
            let place = me.id.to_string();
            code::check(app, &claim, proof, Some(&place))
                .await
                .map(Some)
        }
        (None, Some(password)) => {
            check_password(app, me, password).await?;
            Ok(None)
        }
        (None, None) => Err(refused_argument("current_password", "or `proof` is needed")),
    }
}

async fn check_password(app: &App, me: &Me, password: &str) -> Result<()> {
    let subject = Subject::new(&["password of", &me.id.to_string()]);
    limit::attempt(app, &subject).await?;
    let password = Password::offered(password).ok_or(Refusal::WrongCredentials)?;
    if !app
        .hasher
        .verify(password, me.password_hash.clone())
        .await?
    {
        return Err(Refusal::WrongCredentials.into());
    }
    limit::succeeded(app, &subject).await
}

fn claim(me: &Me) -> Result<Claim> {
    Ok(Claim {
        contact: Contact::parse(
            me.phone.as_deref(),
            me.email.as_deref().filter(|_| me.phone.is_none()),
        )?,
        account: me.account().ok_or(Refusal::Forbidden)?,
        purpose: Purpose::SetPassword,
    })
}

async fn hash(app: &App, me: &Me, text: &str) -> Result<String> {
    let account = me.account().ok_or(Refusal::Forbidden)?;
    let password = new_password(account, "new_password", text)?;
    let salt = Salt::generate(&mut rand::rng());
    Ok(app.hasher.hash(password, salt).await?)
}

impl Me {
    /// Do they have a password, or do they log in by code?
    pub fn has_password(&self) -> bool {
        self.password_hash.is_some()
    }

    fn account(&self) -> Option<AccountKind> {
        AccountKind::of(UserKind::from_word(&self.kind)?)
    }
}
