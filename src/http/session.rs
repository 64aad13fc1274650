//! Log-ins, sessions and tickets over REST.

use axum::{
    Json,
    extract::{Extension, State},
};
use proto::Done;
use serde::{Deserialize, Serialize};

use super::{
    at::OfSession,
    body::{Asked, Body, Named},
    reply::{Answer, ProblemBody},
};
use crate::{
    account::{
        Device, DeviceKind,
        log_in::{self, LogIn},
        refresh,
        session::{self, OwnSession, Session},
        visit, wire,
    },
    actor::{AccountKind, Actor},
    app::App,
    clock::millis,
    code::{Proof, contact::Contact},
    door::client::ClientAddress,
    error::Result,
    id::SessionId,
};

/// What opens a session.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInRequest {
    /// The kind of account.
    account: AccountKind,
    /// A mobile number, or:
    phone: Option<String>,
    /// An e-mail address.
    email: Option<String>,
    /// Customers may leave it out and give a code.
    password: Option<String>,
    /// A code with the purpose `log_in`; asked for by `challenge_required`.
    proof: Option<Proof>,
    /// The client's own id for itself: 1 to 100 bytes, hard to guess, always the same.
    device_id: String,
    #[serde(default)]
    device_kind: DeviceKind,
}

/// The tokens of a session. They are shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Tokens {
    session_id: SessionId,
    /// For `Authorization: Bearer …` and for `authenticate` on a socket.
    access_token: String,
    /// The access token is good until then, milliseconds since 1970.
    access_expires_at: i64,
    /// For `POST /sessions/refresh`; good for one use.
    refresh_token: String,
    /// The end of the session, however often it is refreshed, milliseconds since 1970.
    session_expires_at: i64,
}

/// A session and whose it is.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LoggedIn {
    #[serde(flatten)]
    tokens: Tokens,
    user: proto::User,
    /// The shops they work for.
    posts: Vec<proto::Post>,
}

impl From<session::LoggedIn> for Tokens {
    fn from(session: session::LoggedIn) -> Self {
        Self {
            session_id: session.session,
            access_token: session.access.reveal(),
            access_expires_at: millis(session.access_expires_at),
            refresh_token: session.refresh.reveal(),
            session_expires_at: millis(session.session_expires_at),
        }
    }
}

impl LoggedIn {
    fn of(session: session::LoggedIn, actor: &Actor) -> Self {
        Self {
            tokens: session.into(),
            user: actor.as_seen(),
            posts: actor.posts.iter().map(wire::post).collect(),
        }
    }
}

/// With its owner, as they are now.
pub(super) async fn logged_in(app: &App, session: session::LoggedIn) -> Result<LoggedIn> {
    let found = session::again(app, session.session).await?;
    Ok(LoggedIn::of(session, &found.actor))
}

/// Log in. A code alone also opens the merchant account of whoever a shop has invited to its staff.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = LogInRequest,
    responses((status = 200, body = LoggedIn), (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody, description = "`challenge_required`: a code is needed too"), (status = 429, body = ProblemBody)))]
pub async fn log_in(
    State(app): State<App>,
    Extension(from): Extension<ClientAddress>,
    Body(asked): Body<LogInRequest>,
) -> Answer<LoggedIn> {
    let asked = LogIn {
        account: asked.account,
        contact: Contact::parse(asked.phone.as_deref(), asked.email.as_deref())?,
        password: asked.password,
        proof: asked.proof,
        device: Device::new(&asked.device_id, asked.device_kind)?,
        from: from.0,
    };
    let session = log_in::log_in(&app, asked).await?;
    Ok(Json(logged_in(&app, session).await?))
}

/// A refresh token.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    refresh_token: String,
}

/// Exchange a refresh token for the next pair of tokens.
#[utoipa::path(post, path = "/sessions/refresh", tag = "sessions", request_body = RefreshRequest,
    responses((status = 200, body = Tokens), (status = 401, body = ProblemBody)))]
pub async fn refresh(State(app): State<App>, Body(asked): Body<RefreshRequest>) -> Answer<Tokens> {
    let session = refresh::refresh(&app, &asked.refresh_token).await?;
    Ok(Json(session.into()))
}

/// Where a list goes on.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// `next_cursor` of the page before; absent for the first page.
    #[serde(default)]
    cursor: String,
}

/// A page of one's own sessions.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Sessions {
    sessions: Vec<SessionSeen>,
    /// The cursor of the next page; empty on the last.
    next_cursor: String,
}

/// One of one's own sessions.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SessionSeen {
    id: SessionId,
    device_id: String,
    #[schema(value_type = DeviceKind)]
    device_kind: String,
    /// Milliseconds since 1970.
    created_at: i64,
    /// When it was last refreshed, milliseconds since 1970.
    refreshed_at: i64,
    /// Is it the one that asks?
    current: bool,
}

impl SessionSeen {
    fn of(session: OwnSession, current: SessionId) -> Self {
        Self {
            id: session.id,
            device_id: session.device_id,
            device_kind: session.device_kind,
            created_at: millis(session.created_at),
            refreshed_at: millis(session.refreshed_at),
            current: session.id == current,
        }
    }
}

/// List one's own sessions, newest first.
#[utoipa::path(get, path = "/sessions", tag = "sessions", security(("token" = [])), params(After),
    responses((status = 200, body = Sessions), (status = 401, body = ProblemBody)))]
pub async fn sessions(
    State(app): State<App>,
    session: Session,
    Asked(after): Asked<After>,
) -> Answer<Sessions> {
    let (found, next_cursor) = session::list(&app, &session, &after.cursor).await?;
    let seen = |found| SessionSeen::of(found, session.id);
    Ok(Json(Sessions {
        sessions: found.into_iter().map(seen).collect(),
        next_cursor,
    }))
}

/// Log out here: the session that asks ends.
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", security(("token" = [])),
    responses((status = 200, body = Done), (status = 401, body = ProblemBody)))]
pub async fn log_out(State(app): State<App>, session: Session) -> Answer<Done> {
    session::revoke(&app, &session, session.id).await?;
    Ok(Json(Done {}))
}

/// Log out elsewhere: one of one's own sessions ends, and its sockets are closed within two seconds.
#[utoipa::path(delete, path = "/sessions/{session_id}", tag = "sessions", security(("token" = [])),
    params(("session_id" = SessionId, Path)),
    responses((status = 200, body = Done), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn revoke(
    State(app): State<App>,
    session: Session,
    Named(which): Named<OfSession>,
) -> Answer<Done> {
    session::revoke(&app, &session, which.session_id).await?;
    Ok(Json(Done {}))
}

/// What a shop's site logs its user in with.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbedRequest {
    /// A JWT (HS256) signed with one of the shop's keys: `kid` in its header; `iss` the shop's id, `aud` `souk`, `sub` the
    /// shop's own id of the user, `iat`, `exp` (at most ten minutes later), and `name` if wanted.
    token: String,
    /// The client's own id for itself; without one each of the shop's users counts as on a device of their own.
    device_id: Option<String>,
    #[serde(default)]
    device_kind: DeviceKind,
}

/// Log a shop's own user in as its customer.
#[utoipa::path(post, path = "/embed/sessions", tag = "embedding", request_body = EmbedRequest,
    responses((status = 200, body = LoggedIn), (status = 401, body = ProblemBody)))]
pub async fn visit(State(app): State<App>, Body(asked): Body<EmbedRequest>) -> Answer<LoggedIn> {
    let device = (asked.device_id.as_deref(), asked.device_kind);
    let (session, actor) = visit::visit(&app, &asked.token, device).await?;
    Ok(Json(LoggedIn::of(session, &actor)))
}

/// A one-time ticket for opening a socket.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Ticket {
    /// Good for 30 seconds and one `authenticate`.
    ticket: String,
}

/// Fetch a ticket for opening a socket from a browser.
#[utoipa::path(post, path = "/tickets", tag = "sessions", security(("token" = [])),
    responses((status = 200, body = Ticket), (status = 401, body = ProblemBody)))]
pub async fn ticket(State(app): State<App>, session: Session) -> Answer<Ticket> {
    Ok(Json(Ticket {
        ticket: session::ticket(&app, &session).await?,
    }))
}
