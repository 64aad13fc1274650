//! Who asks, found out once for all who want to know; how fast they may ask, and when it is their turn.
//!
//! What is too fast is refused before the database is asked: strangers are counted by address, a token before it is known
//! whose it is, and who sends a token that this node does not know as a stranger until then.

use axum::{
    extract::{Extension, MatchedPath, Request, State},
    http::{HeaderMap, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use proto::UserKind;

use super::reply::Problem;
use crate::{
    account::session::{self, Session},
    app::App,
    door::client::ClientAddress,
    error::{Error, Reason, Refusal, Result, refused_argument},
    id::UserId,
    pace::neighbourhood,
    places::Place,
};

/// The one route whose requests may take minutes, while their body comes.
const UPLOAD: &str = "/api/v1/files";

/// Who asks, or why it is not known: an extension of every request with a token.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    Known(Session),
    Unknown(Reason),
}

/// Lets a request in when it is its turn. Refuses with `rate_limited` who asks too fast, with `overloaded` who has too much
/// under way.
pub(super) async fn turn(
    State(app): State<App>,
    path: MatchedPath,
    Extension(from): Extension<ClientAddress>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&app, path.as_str(), from, &mut request).await {
        Ok(_place) => next.run(request).await,
        Err(refused) => Problem(refused).into_response(),
    }
}

async fn admit(
    app: &App,
    path: &str,
    from: ClientAddress,
    request: &mut Request,
) -> Result<Option<Place<UserId>>> {
    refuse_nul(request.uri())?;
    let Some(token) = bearer(request.headers()) else {
        pace_stranger(app, from)?;
        return Ok(None);
    };
    let caller = recognise(app, token, from).await?;
    request.extensions_mut().insert(caller.clone());
    let Caller::Known(session) = caller else {
        return Ok(None);
    };
    let user = session.actor.user;
    match session.actor.kind {
        UserKind::Bot => app.paces.bots.take(user)?,
        _ => app.paces.people.take(user)?,
    }
    let places = if path == UPLOAD {
        &app.uploads
    } else {
        &app.places
    };
    Ok(Some(places.take(user).await?))
}

/// Whose token it is. Unless it was good lately, whoever sends it is a stranger until the database has said who they are,
/// and is not counted as one if they are somebody: asking by ever new tokens is no way around the pace.
async fn recognise(app: &App, token: &str, from: ClientAddress) -> Result<Caller> {
    let token = match session::read(token) {
        Err(Error::Refused(reason)) => {
            pace_stranger(app, from)?;
            return Ok(Caller::Unknown(*reason));
        }
        read => read?,
    };
    let paces = &app.paces;
    let known = paces.known.has(&token.0);
    if !known {
        pace_stranger(app, from)?;
    }
    paces.tokens.take(token.0)?;
    match session::of_token(app, &token).await {
        Err(Error::Refused(reason)) => {
            if known {
                paces.known.forget(&token.0);
                pace_stranger(app, from)?;
            }
            Ok(Caller::Unknown(*reason))
        }
        Ok(session) => {
            if !known {
                paces.known.see(token.0);
                paces.strangers.give_back(&neighbourhood(from.0));
            }
            Ok(Caller::Known(session))
        }
        Err(broken) => Err(broken),
    }
}

/// A stranger asks for what takes no token.
pub(super) async fn strangers_turn(
    State(app): State<App>,
    Extension(from): Extension<ClientAddress>,
    request: Request,
    next: Next,
) -> Response {
    match pace_stranger(&app, from) {
        Ok(()) => next.run(request).await,
        Err(refused) => Problem(refused).into_response(),
    }
}

fn pace_stranger(app: &App, from: ClientAddress) -> Result<()> {
    if app.config.exempts(from.0) {
        return Ok(());
    }
    app.paces.strangers.take(neighbourhood(from.0))
}

/// What a stranger has sent is signed by somebody whom we know (a payment provider, a tracker): it does not count as a stranger's. Whoever
/// sends forged ones goes no faster than before, and a provider as fast as it has news.
pub(super) fn believed(app: &App, from: ClientAddress) {
    if !app.config.exempts(from.0) {
        app.paces.strangers.give_back(&neighbourhood(from.0));
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    sent.strip_prefix("Bearer ").map(str::trim)
}

/// No text of ours has a NUL in it, and the database takes none.
fn refuse_nul(uri: &Uri) -> Result<()> {
    if uri.path().contains("%00") {
        return Err(Refusal::NotFound.into());
    }
    if uri.query().is_some_and(|query| query.contains("%00")) {
        return Err(refused_argument("query", "has a NUL in it"));
    }
    Ok(())
}

impl Caller {
    /// Who asks. Refuses with what is wrong with the token.
    pub(super) fn session(&self) -> Result<Session> {
        match self {
            Self::Known(session) => Ok(session.clone()),
            Self::Unknown(reason) => Err(Error::Refused(Box::new(reason.clone()))),
        }
    }

    /// Whose token it is, if it is a good one.
    pub(super) fn user(&self) -> Option<UserId> {
        match self {
            Self::Known(session) => Some(session.actor.user),
            Self::Unknown(_) => None,
        }
    }
}
