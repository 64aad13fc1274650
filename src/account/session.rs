//! A log-in on one device: opaque tokens, stored as SHA-256.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proto::{UserKind, json::Word};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{
    Device,
    queries::session::{self as queries, Holder, NewSession},
    token::{Token, TokenHash, TokenKind},
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    id::{SessionId, UserId},
    store::{Recheck, Tx, page},
};

/// What was proved: who is asking, and until when.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub actor: Actor,
    /// Which log-in.
    pub id: SessionId,
    /// The access token is good until then.
    pub access_expires_at: Timestamp,
}

/// A session that was opened or refreshed, with its secrets: shown to their owner and kept nowhere.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// Which log-in.
    pub session: SessionId,
    /// Who.
    pub user: UserId,
    /// For requests.
    pub access: Token,
    /// The access token is good until then.
    pub access_expires_at: Timestamp,
    /// For the next access token.
    pub refresh: Token,
    /// The end of the session, however often it is refreshed.
    pub session_expires_at: Timestamp,
}

/// A session as its owner sees it in a list.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// Which.
    pub id: SessionId,
    /// The client's id for itself.
    pub device_id: String,
    /// A word of [`super::DeviceKind`].
    pub device_kind: String,
    /// When somebody logged in.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub refreshed_at: Timestamp,
}

/// A new pair of tokens with the times that the settings give them.
pub(super) fn new_session(app: &App, user: UserId, device: &Device) -> (NewSession, LoggedIn) {
    let (now, login) = (app.clock.now(), &app.config.login);
    let logged_in = LoggedIn {
        session: SessionId::new(),
        user,
        access: Token::generate(TokenKind::Access, &mut rand::rng()),
        access_expires_at: now + SignedDuration::from_mins(login.access_minutes),
        refresh: Token::generate(TokenKind::Refresh, &mut rand::rng()),
        session_expires_at: now + SignedDuration::from_hours(24 * login.session_max_days),
    };
    let row = NewSession {
        id: logged_in.session,
        device_id: device.id.clone(),
        device_kind: device.kind.word(),
        access_hash: logged_in.access.hash().0,
        access_expires_at: logged_in.access_expires_at,
        refresh_hash: logged_in.refresh.hash().0,
        expires_at: logged_in.session_expires_at,
        most: login.sessions_per_user,
        now,
    };
    (row, logged_in)
}

/// Opens a session on a device that is proved with it.
pub(super) async fn open(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    device: &Device,
) -> Result<LoggedIn> {
    let (row, logged_in) = new_session(app, user, device);
    queries::prove_device(tx.sql(), user, &device.id, app.clock.now()).await?;
    queries::add(tx.sql(), user, &row).await?;
    Ok(logged_in)
}

/// The sessions of a user that are not over, newest first, 50 a page; with the cursor of the next page, if any.
pub async fn list(app: &App, session: &Session, cursor: &str) -> Result<(Vec<OwnSession>, String)> {
    let before: Option<SessionId> = page::after(cursor)?;
    let (user, now) = (session.actor.user, app.clock.now());
    let mut sessions = queries::of_user(app.store.pool(), user, before, now, PAGE + 1).await?;
    let next = page::next(&mut sessions, PAGE, |last| last.id);
    Ok((sessions, next))
}

const PAGE: i64 = 50;

/// Logs out: ends a session of one's own; its sockets are closed on every node. Refuses with `not_found`.
pub async fn revoke(app: &App, session: &Session, which: SessionId) -> Result<()> {
    let mut tx = app.store.begin_people().await?;
    let user = session.actor.user;
    if !queries::revoke(tx.sql(), user, which, "logged_out", app.clock.now()).await? {
        return Err(Refusal::NotFound.into());
    }
    tx.recheck(&[user], Recheck::Sessions, "logged_out").await?;
    tx.commit().await
}

/// Ends all sessions of somebody: their tokens are refused from the commit on, their sockets closed within two seconds
/// on every node.
pub async fn revoke_all(tx: &mut Tx, user: UserId, because: &str, now: Timestamp) -> Result<()> {
    queries::end_era(tx.sql(), user, because, now).await?;
    tx.recheck(&[user], Recheck::Sessions, because).await
}

/// The same for all but the session of whoever asks for it.
pub(super) async fn revoke_others(
    tx: &mut Tx,
    own: &Session,
    because: &str,
    now: Timestamp,
) -> Result<()> {
    revoke_all(tx, own.actor.user, because, now).await?;
    Ok(queries::take_over(tx.sql(), own.actor.user, own.id).await?)
}

/// Reads what may be a session's token. Refuses with `not_authenticated`, without asking the database.
pub fn read(token: &str) -> Result<TokenHash> {
    let token = Token::parse(token).map_err(|_| Refusal::NotAuthenticated)?;
    match token.kind() {
        TokenKind::Access | TokenKind::Bot => Ok(token.hash()),
        _ => Err(Refusal::NotAuthenticated.into()),
    }
}

/// Whose token is this? Refuses with `not_authenticated`, `token_expired`, `session_revoked`.
pub async fn of_token(app: &App, token: &TokenHash) -> Result<Session> {
    let found = queries::session_by_access(app.store.pool(), &token.0).await?;
    admit(app, found.ok_or(Refusal::NotAuthenticated)?)
}

/// Whose ticket is this? It is used up afterwards. Refuses with `ticket_spent`, `token_expired`, `session_revoked`.
pub async fn of_ticket(app: &App, ticket: &str) -> Result<Session> {
    let hash = Sha256::digest(ticket.as_bytes());
    let session = queries::take_ticket(app.store.pool(), &hash, app.clock.now()).await?;
    again(app, session.ok_or(Refusal::TicketSpent)?).await
}

/// The same session as it is now. Refuses with `token_expired`, `session_revoked`.
pub async fn again(app: &App, session: SessionId) -> Result<Session> {
    again_by(app, &mut *app.store.pool().acquire().await?, session).await
}

/// The same, for whoever has more to ask by one connection.
pub async fn again_by(app: &App, sql: &mut PgConnection, session: SessionId) -> Result<Session> {
    let found = queries::session_by_id(sql, session).await?;
    admit(app, found.ok_or(Refusal::SessionRevoked)?)
}

/// Whose lines to look at again, of the last `window` of the database's clock, with the number of the record.
pub async fn rechecks_within(app: &App, window: Duration) -> Result<Vec<(i64, UserId, Recheck)>> {
    Ok(super::queries::over::rechecks_within(app.store.pool(), window.as_secs_f64()).await?)
}

/// Those of `sessions` that are over: revoked, expired without having been refreshed, or their user banned.
pub async fn over(app: &App, sessions: &[SessionId]) -> Result<Vec<SessionId>> {
    Ok(super::queries::over::sessions_over(app.store.pool(), sessions, app.clock.now()).await?)
}

fn admit(app: &App, found: Holder) -> Result<Session> {
    if found.revoked || found.banned {
        return Err(Refusal::SessionRevoked.into());
    }
    if found.access_expires_at <= app.clock.now() {
        return Err(Refusal::TokenExpired.into());
    }
    let actor = Actor {
        user: found.user,
        kind: UserKind::from_word(&found.kind).unwrap_or_default(),
        name: found.name.into(),
        avatar: found.avatar,
        session: Some(found.session),
        home: found.home,
        posts: found.posts.0.into_iter().map(Into::into).collect(),
    };
    Ok(Session {
        actor,
        id: found.session,
        access_expires_at: found.access_expires_at,
    })
}

/// Makes a one-time ticket, good for 30 seconds, that authenticates one socket as this session.
pub async fn ticket(app: &App, session: &Session) -> Result<String> {
    let ticket = Token::generate(TokenKind::Ticket, &mut rand::rng());
    let expires_at = app.clock.now() + SignedDuration::from_secs(30);
    queries::add_ticket(app.store.pool(), &ticket.hash().0, session.id, expires_at).await?;
    Ok(ticket.reveal())
}
