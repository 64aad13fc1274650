//! The next pair of tokens for the last one.
//!
//! The new tokens follow from the old refresh token and a random nonce that is kept. So two tabs that refresh at once, or
//! a client that lost the answer, get the same pair for ten seconds. After that a spent refresh token in somebody's hand
//! means that it was stolen or its successor was: the session ends.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    queries::session::{self as queries, Rotated, Rotation, Spent},
    session::LoggedIn,
    token::{Token, TokenKind},
};
use crate::{
    app::App,
    audit::{self, Deed},
    code::limit::{self, Subject},
    error::{Refusal, Result},
    store::Recheck,
};

/// How long a spent refresh token still gets the answer it got.
const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// Refreshes of one session in an hour.
const REFRESHES: i32 = 240;

/// Exchanges a refresh token. Refuses with `not_authenticated` (not a token of ours), `session_revoked` (over, or ended
/// by this very attempt), `rate_limited`.
pub async fn refresh(app: &App, refresh_token: &str) -> Result<LoggedIn> {
    let old = Token::parse(refresh_token)
        .ok()
        .filter(|token| token.kind() == TokenKind::Refresh)
        .ok_or(Refusal::NotAuthenticated)?;
    if let Some(logged_in) = rotate(app, &old).await? {
        return Ok(logged_in);
    }
    match queries::spent(app.store.pool(), &old.hash().0).await? {
        Some(spent) => again(app, &old, &spent).await,
        None if queries::ever_had(app.store.pool(), &old.hash().0).await? => {
            Err(Refusal::SessionRevoked.into())
        }
        None => Err(Refusal::NotAuthenticated.into()),
    }
}

async fn rotate(app: &App, old: &Token) -> Result<Option<LoggedIn>> {
    let (now, login) = (app.clock.now(), &app.config.login);
    let nonce: [u8; 32] = rand::random();
    let (access, refresh) = successors(old, &nonce);
    let rotation = Rotation {
        old_refresh_hash: &old.hash().0,
        nonce: &nonce,
        access_hash: &access.hash().0,
        access_expires_at: now + SignedDuration::from_mins(login.access_minutes),
        refresh_hash: &refresh.hash().0,
        alive_since: now - SignedDuration::from_hours(24 * login.session_days),
        now,
    };
    let mut tx = app.store.begin_people().await?;
    let Some(rotated) = queries::rotate(tx.sql(), &rotation).await? else {
        return Ok(None);
    };
    let subject = Subject::new(&["refreshes of", &rotated.session.to_string()]);
    limit::take_within(
        &mut tx,
        now,
        &subject,
        REFRESHES,
        SignedDuration::from_hours(1),
    )
    .await?;
    tx.commit().await?;
    Ok(Some(logged_in(&rotated, access, refresh)))
}

/// The spent token's answer once more, or the end of the session.
async fn again(app: &App, old: &Token, spent: &Spent) -> Result<LoggedIn> {
    let (access, refresh) = successors(old, &spent.nonce);
    let newest = refresh.hash().0[..] == spent.refresh_hash;
    if spent.over {
        return Err(Refusal::SessionRevoked.into());
    }
    if newest && app.clock.now() <= spent.exchanged_at + GRACE {
        let rotated = Rotated {
            session: spent.session,
            user: spent.user,
            access_expires_at: spent.access_expires_at,
            expires_at: spent.expires_at,
        };
        return Ok(logged_in(&rotated, access, refresh));
    }
    end(app, spent).await?;
    Err(Refusal::SessionRevoked.into())
}

async fn end(app: &App, spent: &Spent) -> Result<()> {
    let (now, why) = (app.clock.now(), "refresh_token_reused");
    let mut tx = app.store.begin_people().await?;
    if queries::revoke(tx.sql(), spent.user, spent.session, why, now).await? {
        let deed = Deed::new(spent.user, "session.revoked", spent.session)
            .after(json!({ "revoked_because": why }));
        audit::record(&mut tx, deed, now).await?;
        tx.recheck(&[spent.user], Recheck::Sessions, why).await?;
    }
    tx.commit().await
}

fn successors(old: &Token, nonce: &[u8]) -> (Token, Token) {
    (
        old.successor(TokenKind::Access, nonce),
        old.successor(TokenKind::Refresh, nonce),
    )
}

fn logged_in(rotated: &Rotated, access: Token, refresh: Token) -> LoggedIn {
    LoggedIn {
        session: rotated.session,
        user: rotated.user,
        access,
        access_expires_at: rotated.access_expires_at,
        refresh,
        session_expires_at: rotated.expires_at,
    }
}
