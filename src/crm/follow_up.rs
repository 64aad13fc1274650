//! Notes on a customer, and when to come back to them (CRM-08).

use jiff::{SignedDuration, Timestamp};
use proto::{AlertKind, Permission};
use serde::{Deserialize, Serialize};

use super::queries;
use crate::{
    actor::{Chat, Staff},
    alert::{self, NewAlert},
    app::App,
    error::{Refusal, Result, Round, refused_argument},
    id::{ConversationId, FollowUpId, ShopId, UserId},
    rights,
    store::page,
    words,
};

/// What one round takes at most.
const ROUND: i64 = 200;
/// So far ahead at most.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A note to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFollowUp {
    /// 1 to 1,000 characters.
    pub content: String,
    /// When its author is reminded, within a year; null: never.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
}

/// A note on a customer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FollowUp {
    /// Its id.
    pub id: FollowUpId,
    /// Who wrote it.
    pub author_id: UserId,
    /// What it says.
    pub content: String,
    /// When its author is reminded.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
    /// When they were.
    #[schema(value_type = Option<String>)]
    pub reminded_at: Option<Timestamp>,
    /// When somebody did what it asks for.
    #[schema(value_type = Option<String>)]
    pub done_at: Option<Timestamp>,
    /// When it was written.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// Notes, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FollowUpPage {
    /// The newest first.
    pub follow_ups: Vec<FollowUp>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// Writes a note. Refuses with `not_found` who is no customer of the shop, with `invalid_argument`.
pub async fn add(
    app: &App,
    by: &Staff<Chat>,
    customer: UserId,
    new: NewFollowUp,
) -> Result<FollowUp> {
    let now = app.clock.now();
    words::text("content", &new.content, 1..=1_000)?;
    if new
        .due_at
        .is_some_and(|due| due <= now || due > now + AHEAD)
    {
        return Err(refused_argument("due_at", "is within a year from now"));
    }
    let note = FollowUp {
        id: FollowUpId::new(),
        author_id: by.actor.user,
        content: new.content.trim().to_owned(),
        due_at: new.due_at,
        reminded_at: None,
        done_at: None,
        created_at: now,
    };
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::add_follow_up(&mut tx, customer, &note).await? {
        return Err(Refusal::NotFound.into());
    }
    tx.commit().await?;
    Ok(note)
}

/// The notes on a customer. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn list(
    app: &App,
    by: &Staff<Chat>,
    customer: UserId,
    cursor: &str,
    limit: u32,
) -> Result<FollowUpPage> {
    let limit = page::limit(limit, 30, 100)?;
    let before: Option<FollowUpId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let mut follow_ups = queries::follow_ups(&mut tx, customer, before, limit + 1).await?;
    let next_cursor = page::next(&mut follow_ups, limit, |last| last.id);
    Ok(FollowUpPage {
        follow_ups,
        next_cursor,
    })
}

/// It is done, and nobody needs to be reminded; a second time nothing happens. Refuses with `not_found`.
pub async fn done(app: &App, by: &Staff<Chat>, customer: UserId, note: FollowUpId) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::follow_up_done(&mut tx, customer, note, app.clock.now()).await? {
        return Err(Refusal::NotFound.into());
    }
    tx.commit().await
}

/// Reminds the authors of notes whose time has come.
pub async fn due(app: &App) -> Result<()> {
    let mut round = Round::default();
    let due = queries::follow_ups_due(app.store.pool(), app.clock.now(), ROUND).await?;
    for (shop, note) in due {
        round.note(remind(app, shop, note).await)?;
    }
    round.end()
}

/// What a reminder is about.
pub(super) struct Due {
    pub customer: UserId,
    pub name: String,
    pub conversation: Option<ConversationId>,
    pub author: UserId,
    /// They may still chat for the shop: otherwise everybody who may hears of it.
    pub here: bool,
    pub content: String,
}

/// The statement decides that it is done once.
async fn remind(app: &App, shop: ShopId, note: FollowUpId) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin(shop).await?;
    let Some(due) = queries::remind(&mut tx, note, now).await? else {
        return Ok(());
    };
    let text = format!("{}: {}", due.name, due.content);
    let alert = NewAlert::new(AlertKind::FollowUp, Permission::Chat, text);
    let mut alert = alert.about_customer(due.customer);
    if let Some(conversation) = due.conversation {
        alert = alert.in_conversation(conversation);
    }
    if due.here {
        alert = alert.only_for(due.author);
    }
    alert::raise(&mut tx, alert, now).await?;
    tx.commit().await
}
