//! Sessions and tickets over REST.

use axum::{Json, extract::State};
use serde::Serialize;

use super::reply::{Answer, ProblemBody};
use crate::{account::session, app::App};

/// A one-time ticket for opening a socket.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Ticket {
    /// Good for 30 seconds and one `authenticate`.
    ticket: String,
}

/// Fetch a ticket for opening a socket from a browser.
#[utoipa::path(post, path = "/tickets", tag = "sessions", security(("token" = [])),
    responses((status = 200, body = Ticket), (status = 401, body = ProblemBody)))]
pub async fn ticket(State(app): State<App>, session: session::Session) -> Answer<Ticket> {
    Ok(Json(Ticket {
        ticket: session::ticket(&app, &session).await?,
    }))
}
