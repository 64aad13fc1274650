//! What was sent to phones and mailboxes, on a page. Only in the development profile; elsewhere it does not exist.

use std::fmt::Write as _;

use axum::{Json, extract::State, response::Html};
use serde::{Deserialize, Serialize};

use super::{
    body::Asked,
    reply::{Answer, Problem, ProblemBody},
};
use crate::{
    app::App,
    clock::millis,
    code::{
        contact::Contact,
        outbox::{self, OutgoingText},
    },
    error::Result,
};

/// To whom.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct To {
    /// A mobile number, or:
    phone: Option<String>,
    /// an e-mail address; neither: everybody.
    email: Option<String>,
}

impl To {
    fn contact(&self) -> Result<Option<Contact>> {
        match (&self.phone, &self.email) {
            (None, None) => Ok(None),
            (phone, email) => Contact::parse(phone.as_deref(), email.as_deref()).map(Some),
        }
    }
}

/// The newest hundred texts.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Outbox {
    /// Newest first.
    messages: Vec<SentText>,
}

/// A text to a phone or a mailbox.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SentText {
    /// `sms` or `email`.
    channel: String,
    to: String,
    text: String,
    /// Milliseconds since 1970.
    sent_at: i64,
}

/// See what was sent to phones and mailboxes (development only).
#[utoipa::path(get, path = "/dev/outbox", tag = "development", params(To),
    responses((status = 200, body = Outbox), (status = 404, body = ProblemBody)))]
pub async fn outbox(State(app): State<App>, Asked(to): Asked<To>) -> Answer<Outbox> {
    let texts = outbox::outbox(&app, to.contact()?.as_ref()).await?;
    let messages = texts.into_iter().map(|text| SentText {
        channel: text.channel,
        to: text.recipient,
        text: text.text,
        sent_at: millis(text.sent_at),
    });
    Ok(Json(Outbox {
        messages: messages.collect(),
    }))
}

/// The same as a page for people: `GET /dev/outbox`.
pub async fn page(State(app): State<App>) -> Result<Html<String>, Problem> {
    let texts = outbox::outbox(&app, None).await?;
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=3><title>Outbox</title>\
         <style>body{font:16px system-ui;margin:2rem}td{padding:.3rem 1rem .3rem 0}</style>\
         <h1>Outbox</h1><p>What would have gone to phones and mailboxes, newest first.</p><table>",
    );
    for text in &texts {
        row(&mut page, text);
    }
    page += "</table>";
    Ok(Html(page))
}

fn row(page: &mut String, text: &OutgoingText) {
    let _ = write!(
        page,
        "<tr><td>{}<td>{}<td>{}<td>{}",
        text.sent_at,
        text.channel,
        escape(&text.recipient),
        escape(&text.text),
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
