//! What was sent to phones, mailboxes and browsers, on a page. Only in the development profile; elsewhere it does not exist.

use std::fmt::Write as _;

use axum::{Json, extract::State, response::Html};
use jiff::Timestamp;
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
    id::UserId,
    push,
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

/// The newest hundred alerts that went to browsers.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Pushes {
    /// Newest first.
    pushes: Vec<SentAlert>,
}

/// An alert that went to a browser, or would have.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SentAlert {
    user_id: UserId,
    text: String,
    /// Milliseconds since 1970.
    sent_at: i64,
}

/// See which alerts went to browsers (development only).
#[utoipa::path(get, path = "/dev/pushes", tag = "development", responses((status = 200, body = Pushes), (status = 404, body = ProblemBody)))]
pub async fn pushes(State(app): State<App>) -> Answer<Pushes> {
    let pushes = push::outbox::outbox(&app).await?.into_iter();
    let pushes = pushes.map(|sent| SentAlert {
        user_id: sent.user,
        text: sent.text,
        sent_at: millis(sent.sent_at),
    });
    Ok(Json(Pushes {
        pushes: pushes.collect(),
    }))
}

/// Texts and pushes as a page for people: `GET /dev/outbox`.
pub async fn page(State(app): State<App>) -> Result<Html<String>, Problem> {
    let texts = outbox::outbox(&app, None).await?;
    let pushes = push::outbox::outbox(&app).await?;
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=3><title>Outbox</title>\
         <style>body{font:16px system-ui;margin:2rem}td{padding:.3rem 1rem .3rem 0}</style>\
         <h1>Outbox</h1><p>What would have gone to phones and mailboxes, newest first.</p><table>",
    );
    for text in &texts {
        let OutgoingText {
            channel,
            recipient,
            text,
            sent_at,
        } = text;
        row(&mut page, *sent_at, channel, recipient, text);
    }
    page += "</table><p>Alerts that went to browsers, or with `push.provider = \"sink\"` would have.</p><table>";
    for sent in &pushes {
        row(&mut page, sent.sent_at, "push", &sent.name, &sent.text);
    }
    page += "</table>";
    Ok(Html(page))
}

fn row(page: &mut String, at: Timestamp, channel: &str, to: &str, text: &str) {
    let (to, text) = (escape(to), escape(text));
    let _ = write!(page, "<tr><td>{at}<td>{channel}<td>{to}<td>{text}");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
