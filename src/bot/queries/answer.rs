//! Hours, and what the shop's own bot answers.

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
};
use jiff_sqlx::ToSqlx as _;

use crate::{
    bot::{answer::Answer, hours::Hours},
    error::Result,
    id::{AnswerId, ConversationId, UserId},
    store::Tx,
};

/// What the clock on the shop's wall shows. Nothing: there is no such shop.
pub(in crate::bot) async fn wall(tx: &mut Tx, now: Timestamp) -> Result<Option<Time>> {
    let shop = tx.shop()?;
    let wall = sqlx::query_scalar!(
        r#"select ($2 at time zone time_zone)::time::text as "wall!" from shops where id = $1"#,
        shop.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    wall.map(|wall| time(&wall)).transpose()
}

/// The same with the day.
pub(in crate::bot) async fn wall_date(tx: &mut Tx, at: Timestamp) -> Result<DateTime> {
    let shop = tx.shop()?;
    let wall = sqlx::query_scalar!(
        r#"select ($2 at time zone time_zone)::text as "wall!" from shops where id = $1"#,
        shop.0,
        at.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(wall.parse().map_err(anyhow::Error::from)?)
}

fn time(text: &str) -> Result<Time> {
    Ok(text.parse().map_err(anyhow::Error::from)?)
}

/// The shop's hours, if it has any.
pub(in crate::bot) async fn hours(tx: &mut Tx) -> Result<Option<Hours>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"select opens::text as "opens!", closes::text as "closes!", reply from service_hours where shop_id = $1"#,
        shop.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Hours {
        opens: time(&row.opens)?,
        closes: time(&row.closes)?,
        reply: row.reply,
    }))
}

/// Other hours, or none.
pub(in crate::bot) async fn set_hours(tx: &mut Tx, hours: Option<&Hours>) -> Result<()> {
    let shop = tx.shop()?;
    let Some(hours) = hours else {
        sqlx::query!("delete from service_hours where shop_id = $1", shop.0)
            .execute(tx.sql())
            .await?;
        return Ok(());
    };
    sqlx::query!(
        "
        insert into service_hours (shop_id, opens, closes, reply)
        values ($1, $2::text::time, $3::text::time, $4)
        on conflict (shop_id) do update set opens = excluded.opens, closes = excluded.closes, reply = excluded.reply
        ",
        shop.0,
        hours.opens.to_string(),
        hours.closes.to_string(),
        hours.reply,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The shop remembers its messages as facts while somebody wants to hear them.
pub(in crate::bot) async fn listen_if_needed(tx: &mut Tx) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update shops set remembers_messages = wants_messages(id) where id = $1 and remembers_messages <> wants_messages(id)",
        shop.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A new answer. False: there are so many already.
pub(in crate::bot) async fn add_answer(
    tx: &mut Tx,
    answer: &Answer,
    by: UserId,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into bot_answers (id, shop_id, word, reply, created_by, created_at)
        select $1, $2, $3, $4, $5, $6
        where (select count(*) from bot_answers where shop_id = $2) < $7
        ",
        answer.id.0,
        shop.0,
        answer.word,
        answer.reply,
        by.0,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// All of them, by their words.
pub(in crate::bot) async fn answers(tx: &mut Tx) -> Result<Vec<Answer>> {
    let shop = tx.shop()?;
    let answers = sqlx::query_as!(
        Answer,
        r#"select id as "id: AnswerId", word, reply from bot_answers where shop_id = $1 order by word"#,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(answers)
}

/// Gives its word if there was one.
pub(in crate::bot) async fn remove_answer(tx: &mut Tx, answer: AnswerId) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let word = sqlx::query_scalar!(
        "delete from bot_answers where shop_id = $1 and id = $2 returning word",
        shop.0,
        answer.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(word)
}

/// What a customer said in their conversation with the shop; nothing: it was somebody else, or elsewhere.
pub(in crate::bot) async fn asked(
    tx: &mut Tx,
    conversation: ConversationId,
    number: i64,
) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let text = sqlx::query_scalar!(
        r#"
        select m.text
        from conversations c
        join messages m on m.conversation_id = c.id and m.number = $3 and m.sender_id = c.person_a and m.recalled_at is null
        where c.shop_id = $1 and c.id = $2 and c.kind = 'shop'
        "#,
        shop.0,
        conversation.0,
        number,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(text)
}

/// The answer to the longest of the words that are in a text.
pub(in crate::bot) async fn answer_to(tx: &mut Tx, text: &str) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let reply = sqlx::query_scalar!(
        "
        select reply
        from bot_answers
        where shop_id = $1 and position(lower(word) in lower($2)) > 0
        order by char_length(word) desc, word
        limit 1
        ",
        shop.0,
        text,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(reply)
}
