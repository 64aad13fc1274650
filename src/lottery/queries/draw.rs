//! Draws themselves.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use proto::json::Word as _;
use sqlx::PgPool;

use super::{super::Draw, word};
use crate::{
    beacon::Value,
    error::{Refusal, Result},
    id::{ConversationId, DrawId, ShopId, UserId},
    store::Tx,
};

/// A group that a draw can be published in.
pub(in crate::lottery) struct Place {
    pub closed: bool,
    pub members: i32,
    pub open_draws: i64,
}

/// A group of the shop. Nobody else publishes there until this work ends.
pub(in crate::lottery) async fn place(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<Option<Place>> {
    let shop = tx.shop()?;
    let locked = sqlx::query!(
        "select from conversations where shop_id = $1 and id = $2 and kind = 'group' for no key update",
        shop.0,
        conversation.0,
    );
    if locked.fetch_optional(tx.sql()).await?.is_none() {
        return Ok(None);
    }
    let place = sqlx::query_as!(
        Place,
        r#"
        select c.closed_at is not null as "closed!", g.members,
          (select count(*) from draws d where d.conversation_id = g.conversation_id and d.state = 'open') as "open_draws!"
        from groups g
        join conversations c on c.id = g.conversation_id
        where g.shop_id = $1 and g.conversation_id = $2
        "#,
        shop.0,
        conversation.0,
    );
    Ok(place.fetch_optional(tx.sql()).await?)
}

/// The currency of the shop.
pub(in crate::lottery) async fn currency(tx: &mut Tx) -> Result<String> {
    let shop = tx.shop()?;
    let currency = sqlx::query_scalar!("select currency from shops where id = $1", shop.0);
    Ok(currency.fetch_one(tx.sql()).await?)
}

/// A new draw.
pub(in crate::lottery) async fn add(tx: &mut Tx, draw: &Draw, by: UserId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into draws (id, shop_id, conversation_id, card_number, state, rules, rules_hash, commitment, sealed_seed, target, ends_at,
          last_link, opened_by, opened_at)
        values ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $7, $11, $12)
        ",
        draw.id.0,
        shop.0,
        draw.conversation_id.0,
        draw.card_number,
        draw.rules_text,
        draw.rules_hash,
        draw.commitment,
        draw.sealed_seed,
        draw.rules.target.map(u32::cast_signed),
        draw.rules.ends_at.to_sqlx() as _,
        by.0,
        draw.opened_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A draw as it lies there.
struct Row {
    id: DrawId,
    conversation_id: ConversationId,
    card_number: i64,
    state: String,
    rules: String,
    rules_hash: String,
    commitment: String,
    sealed_seed: String,
    seed: Option<String>,
    people: i32,
    tickets: i32,
    last_link: String,
    opened_at: SqlTimestamp,
    closed_at: Option<SqlTimestamp>,
    close_hash: Option<String>,
    round: Option<i64>,
    round_at: Option<SqlTimestamp>,
    signature: Option<String>,
    cancelled_at: Option<SqlTimestamp>,
    cancelled_because: Option<String>,
    kept_until: Option<SqlTimestamp>,
}

impl Row {
    fn draw(self) -> Result<Draw> {
        Ok(Draw {
            id: self.id,
            conversation_id: self.conversation_id,
            card_number: self.card_number,
            state: word(&self.state)?,
            rules: serde_json::from_str(&self.rules).map_err(anyhow::Error::from)?,
            rules_hash: self.rules_hash,
            commitment: self.commitment,
            seed: self.seed,
            people: self.people,
            tickets: self.tickets,
            last_link: self.last_link,
            opened_at: self.opened_at.to_jiff(),
            closed_at: self.closed_at.map(SqlTimestamp::to_jiff),
            close_hash: self.close_hash,
            round: self.round.map(i64::unsigned_abs),
            round_at: self.round_at.map(SqlTimestamp::to_jiff),
            beacon: self.signature.as_deref().map(Value::of),
            cancelled_at: self.cancelled_at.map(SqlTimestamp::to_jiff),
            cancelled_because: self.cancelled_because,
            kept_until: self.kept_until.map(SqlTimestamp::to_jiff),
            rules_text: self.rules,
            sealed_seed: self.sealed_seed,
        })
    }
}

/// In which shop a draw is held.
pub(in crate::lottery) async fn shop_of(pool: &PgPool, draw: DrawId) -> Result<Option<ShopId>> {
    let shop = sqlx::query_scalar!(
        r#"select shop_id as "shop: ShopId" from draws where id = $1"#,
        draw.0
    );
    Ok(shop.fetch_optional(pool).await?)
}

/// A draw of the shop.
pub(in crate::lottery) async fn draw(tx: &mut Tx, draw: DrawId) -> Result<Option<Draw>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        Row,
        r#"
        select id as "id: DrawId", conversation_id as "conversation_id: ConversationId", card_number, state, rules, rules_hash, commitment,
          sealed_seed, seed, people, tickets, last_link, opened_at as "opened_at: SqlTimestamp", closed_at as "closed_at: SqlTimestamp",
          close_hash, round, round_at as "round_at: SqlTimestamp", signature, cancelled_at as "cancelled_at: SqlTimestamp", cancelled_because,
          kept_until as "kept_until: SqlTimestamp"
        from draws
        where shop_id = $1 and id = $2
        "#,
        shop.0,
        draw.0,
    );
    row.fetch_optional(tx.sql())
        .await?
        .map(Row::draw)
        .transpose()
}

/// The same, where it must be there.
pub(in crate::lottery) async fn required(tx: &mut Tx, id: DrawId) -> Result<Draw> {
    Ok(draw(tx, id).await?.ok_or(Refusal::NotFound)?)
}

/// The same, and nobody else changes it until this work ends.
pub(in crate::lottery) async fn lock(tx: &mut Tx, id: DrawId) -> Result<Option<Draw>> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select from draws where shop_id = $1 and id = $2 for no key update",
        shop.0,
        id.0
    )
    .fetch_optional(tx.sql())
    .await?;
    draw(tx, id).await
}

/// The shop's draws, the newest first.
pub(in crate::lottery) async fn draws(
    tx: &mut Tx,
    before: Option<DrawId>,
    limit: i64,
) -> Result<Vec<Draw>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: DrawId", conversation_id as "conversation_id: ConversationId", card_number, state, rules, rules_hash, commitment,
          sealed_seed, seed, people, tickets, last_link, opened_at as "opened_at: SqlTimestamp", closed_at as "closed_at: SqlTimestamp",
          close_hash, round, round_at as "round_at: SqlTimestamp", signature, cancelled_at as "cancelled_at: SqlTimestamp", cancelled_because,
          kept_until as "kept_until: SqlTimestamp"
        from draws
        where shop_id = $1 and ($2::uuid is null or id < $2)
        order by id desc
        limit $3
        "#,
        shop.0,
        before.map(|id| id.0),
        limit,
    );
    let rows = rows.fetch_all(tx.sql()).await?;
    rows.into_iter().map(Row::draw).collect()
}

/// The message that announced the winners.
pub(in crate::lottery) async fn announced(
    tx: &mut Tx,
    draw: DrawId,
    number: Option<i64>,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update draws set result_number = $3 where shop_id = $1 and id = $2",
        shop.0,
        draw.0,
        number
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The message that announced the winners, if there is one.
pub(in crate::lottery) async fn result_number(tx: &mut Tx, draw: DrawId) -> Result<Option<i64>> {
    let shop = tx.shop()?;
    let number = sqlx::query_scalar!(
        "select result_number from draws where shop_id = $1 and id = $2",
        shop.0,
        draw.0
    );
    Ok(number.fetch_one(tx.sql()).await?)
}

/// A draw of which nobody has a prize to get any more is done.
pub(in crate::lottery) async fn finish(tx: &mut Tx, draw: DrawId) -> Result<()> {
    let (shop, done) = (tx.shop()?, proto::DrawState::PrizesDelivered.word());
    sqlx::query!(
        "
        update draws d
        set state = $3
        where d.shop_id = $1 and d.id = $2 and d.state = 'drawn'
          and not exists (select from draw_places p where p.draw_id = d.id and p.state = 'won')
        ",
        shop.0,
        draw.0,
        done,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
