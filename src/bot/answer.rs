//! What a shop's own bot answers by itself: to a word, and to whoever writes while the shop is closed. It reads the facts of messages; its answer has a
//! client message id of what it answers, so that a fact that is read twice is answered once.

use jiff::{Timestamp, civil::DateTime};
use proto::Message;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    hours::Hours,
    queries,
    voice::{self, Voice},
};
use crate::{
    actor::{ManageBots, Staff},
    app::App,
    audit::{self, Deed},
    conversation::Draft,
    error::{Refusal, Result},
    fact::{Fact, Remembered},
    id::{AnswerId, ConversationId, ShopId},
    rights, words,
};

/// Words of one shop at most.
const MOST_ANSWERS: i64 = 200;
/// Whoever has written earlier than this is not answered any more: the server was away.
const LATE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// A word, and what is answered to it.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// 1 to 40 characters; whether they are capitals does not matter.
    pub word: String,
    /// 1 to 2,000 characters.
    pub reply: String,
}

/// What the bot answers to a word.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BotAnswer)]
pub struct Answer {
    /// Its id.
    pub id: AnswerId,
    /// To messages with this word in them.
    pub word: String,
    /// What it answers.
    pub reply: String,
}

/// Has the bot answer to a word (recorded). Refuses with `invalid_argument`, `name_taken`, `staff_disabled`, and with `quota_exceeded` beyond 200.
pub async fn add(app: &App, by: &Staff<ManageBots>, new: NewAnswer) -> Result<Answer> {
    words::text("reply", &new.reply, 1..=2_000)?;
    let answer = Answer {
        id: AnswerId::new(),
        word: words::line("word", &new.word, 40)?.to_owned(),
        reply: new.reply,
    };
    voice::ensure(app, by).await?;
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::add_answer(&mut tx, &answer, by.actor.user, MOST_ANSWERS, now).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    queries::listen_if_needed(&mut tx).await?;
    let deed = Deed::new(by.actor.user, "answer.added", answer.id)
        .after(json!({ "word": answer.word, "reply": answer.reply }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(answer)
}

/// The words that the bot answers to, in their order.
pub async fn list(app: &App, by: &Staff<ManageBots>) -> Result<Vec<Answer>> {
    let mut tx = app.store.begin(by.shop).await?;
    queries::answers(&mut tx).await
}

/// The bot answers to it no more (recorded). Refuses with `not_found`.
pub async fn remove(app: &App, by: &Staff<ManageBots>, answer: AnswerId) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let word = queries::remove_answer(&mut tx, answer).await?;
    let word = word.ok_or(Refusal::NotFound)?;
    queries::listen_if_needed(&mut tx).await?;
    let deed = Deed::new(by.actor.user, "answer.removed", answer).before(json!({ "word": word }));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

/// Hears facts: only what customers say in their conversation with the shop is answered.
pub async fn hear(app: &App, facts: &[Remembered]) -> Result<()> {
    for fact in facts {
        if let (
            Some(shop),
            &Fact::MessagePosted {
                conversation_id,
                number,
            },
        ) = (fact.shop, &fact.fact)
            && app.clock.now().duration_since(fact.at) < LATE
        {
            answer(app, shop, (conversation_id, number), fact.at).await?;
        }
    }
    Ok(())
}

async fn answer(
    app: &App,
    shop: ShopId,
    (conversation, number): (ConversationId, i64),
    at: Timestamp,
) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let Some(text) = queries::asked(&mut tx, conversation, number).await? else {
        return Ok(());
    };
    let voice = voice::of_shop(&mut tx).await?;
    let Some(voice) = voice.filter(|voice| !voice.disabled) else {
        return Ok(());
    };
    let hours = queries::hours(&mut tx).await?;
    let wall = queries::wall_date(&mut tx, at).await?;
    let word = queries::answer_to(&mut tx, &text).await?;
    drop(tx);
    if let Some(reply) = word {
        say(app, &voice, conversation, format!("answer-{number}"), reply).await?;
    }
    if let Some((evening, hours)) = closed(hours, wall) {
        let id = format!("closed-{evening}");
        say(app, &voice, conversation, id, hours.reply).await?;
    }
    Ok(())
}

/// The shop is closed: since the evening of which day?
fn closed(hours: Option<Hours>, wall: DateTime) -> Option<(String, Hours)> {
    let hours = hours.filter(|hours| !hours.hold(wall.time()))?;
    let evening = if wall.time() < hours.closes {
        wall.date().yesterday().unwrap_or(wall.date())
    } else {
        wall.date()
    };
    Some((evening.to_string(), hours))
}

/// Says it once: under an id that is used already nothing is said. A customer who was banned meanwhile, or a closed conversation, is no failure.
async fn say(
    app: &App,
    voice: &Voice,
    conversation: ConversationId,
    id: String,
    text: String,
) -> Result<()> {
    let message = Message {
        conversation_id: conversation.to_string(),
        client_message_id: id,
        sender: Some(voice.sender()),
        text,
        ..Message::default()
    };
    let draft = Draft {
        conversation,
        sender: Some(voice.user),
        message,
        fingerprint: Some(0),
    };
    match app.log.post(draft).await {
        Err(error) if error.is_weather() || error.refusal().is_none() => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Time;

    use super::*;

    /// SVC-02: a night is one, before and after midnight.
    #[test]
    fn a_night_has_one_evening() {
        let hours = Hours {
            opens: Time::constant(9, 0, 0, 0),
            closes: Time::constant(22, 0, 0, 0),
            reply: "x".into(),
        };
        let evening = |at: &str| {
            let wall: DateTime = at.parse().unwrap();
            closed(Some(hours.clone()), wall).map(|(evening, _)| evening)
        };
        let friday = Some("2026-11-20".to_owned());
        assert_eq!(evening("2026-11-20T22:30:00"), friday);
        assert_eq!(evening("2026-11-21T08:59:00"), friday);
        assert_eq!(evening("2026-11-21T10:00:00"), None);
        assert_eq!(closed(None, "2026-11-20T23:00:00".parse().unwrap()), None);
    }
}
