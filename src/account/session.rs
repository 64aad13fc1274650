//! A log-in on one device: opaque tokens, stored as SHA-256.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proto::{UserKind, json::Word};
use sha2::{Digest, Sha256};

use super::{
    queries::{self, Found},
    token::{Token, TokenKind},
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    id::{SessionId, UserId},
};

/// What was proved: who is asking, and until when.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub actor: Actor,
    /// Which log-in.
    pub id: SessionId,
    /// The access token is good until then.
    pub expires_at: Timestamp,
}

/// Whose access token is this? Refuses with `not_authenticated`, `token_expired`, `session_revoked`.
pub async fn of_token(app: &App, token: &str) -> Result<Session> {
    let hash = Sha256::digest(token.as_bytes());
    let found = queries::session_by_access(app.store.pool(), &hash).await?;
    admit(app, found.ok_or(Refusal::NotAuthenticated)?).await
}

/// Whose ticket is this? It is used up afterwards. Refuses with `ticket_spent`, `token_expired`, `session_revoked`.
pub async fn of_ticket(app: &App, ticket: &str) -> Result<Session> {
    let hash = Sha256::digest(ticket.as_bytes());
    let session = queries::take_ticket(app.store.pool(), &hash, app.clock.now()).await?;
    again(app, session.ok_or(Refusal::TicketSpent)?).await
}

/// The same session as it is now. Refuses with `token_expired`, `session_revoked`.
pub async fn again(app: &App, session: SessionId) -> Result<Session> {
    let found = queries::session_by_id(app.store.pool(), session).await?;
    admit(app, found.ok_or(Refusal::SessionRevoked)?).await
}

/// Whose sessions or rights changed in the last `window` of the database's clock, with the number of the record.
pub async fn revocations_within(app: &App, window: Duration) -> Result<Vec<(i64, UserId)>> {
    Ok(queries::revocations_within(app.store.pool(), window.as_secs_f64()).await?)
}

/// Those of `sessions` that are over: revoked, expired without having been refreshed, or their user banned.
pub async fn over(app: &App, sessions: &[SessionId]) -> Result<Vec<SessionId>> {
    Ok(queries::sessions_over(app.store.pool(), sessions, app.clock.now()).await?)
}

async fn admit(app: &App, found: Found) -> Result<Session> {
    if found.revoked || found.banned {
        return Err(Refusal::SessionRevoked.into());
    }
    if found.expires_at <= app.clock.now() {
        return Err(Refusal::TokenExpired.into());
    }
    let posts = queries::posts(app.store.pool(), found.user).await?;
    let actor = Actor {
        user: found.user,
        kind: UserKind::from_word(&found.kind).unwrap_or_default(),
        name: found.name.into(),
        session: Some(found.session),
        home: found.home,
        posts: posts.into(),
    };
    Ok(Session {
        actor,
        id: found.session,
        expires_at: found.expires_at,
    })
}

/// Makes a one-time ticket, good for 30 seconds, that authenticates one socket as this session.
pub async fn ticket(app: &App, session: &Session) -> Result<String> {
    let ticket = Token::generate(TokenKind::Ticket, &mut rand::rng());
    let expires_at = app.clock.now() + SignedDuration::from_secs(30);
    queries::add_ticket(app.store.pool(), &ticket.hash().0, session.id, expires_at).await?;
    Ok(ticket.reveal().to_owned())
}
